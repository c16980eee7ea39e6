/** The worker's door: requests in, replies out. Everything else is engine.ts. */
import type { Reply, Request } from "../messages.js";
import { Engine } from "./engine.js";

const engine = new Engine((reply: Reply) => self.postMessage(reply));

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  switch (data.type) {
    case "canvas":
      return engine.setCanvas(data.slot, data.canvas);
    case "size":
      return engine.setSize(data.slot, data.width, data.height);
    case "look":
      return engine.setLook(data.look);
    case "load":
      return engine.load(data.file, data.precision, data.drawing);
    case "segment":
      return engine.segment(data);
    case "probe":
      return void engine.probe(data.x, data.y);
    case "save":
      return engine.save(data.kind, data.variant);
  }
});
