/** The worker's entry: hands requests to the engine, or canvases to its display, and sends the replies. */
import type { Request } from "../messages.js";
import { Engine } from "./engine.js";

const engine = new Engine((reply, transfer = []) => self.postMessage(reply, { transfer }));

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  switch (data.type) {
    case "canvas":
      return engine.display.setCanvas(data.slot, data.canvas, data.lens);
    case "lens":
      return engine.display.setLens(data);
    case "size":
      return engine.display.setSize(data.slot, data.width, data.height);
    case "look":
      return engine.display.setLook(data.look);
    case "open":
      return engine.open(data.drawing);
    case "explain":
      return engine.explain();
    case "load":
      return engine.load(data);
    case "segment":
      return engine.segment(data);
    case "probe":
      return void engine.probe(data.x, data.y);
    case "save":
      return engine.save(data.kind, data.variant);
    case "teach":
      return engine.teach(data.request);
  }
});
