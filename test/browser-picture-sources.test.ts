/** Pictures of URLs, and pictures that a page cannot give, in Chromium. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPicture } from "../src/node.js";
import { openLibraryPage } from "./helpers/page.js";
import type { LibraryGlobal, OpenPage } from "./helpers/page.js";
import { fixture } from "./helpers/reference-maps.js";

let open: OpenPage;
beforeAll(async () => {
  open = await openLibraryPage();
});
afterAll(() => open.close());

/** Runs in the page. */
async function readRefused() {
  const { library } = globalThis as unknown as LibraryGlobal;
  const closed = await createImageBitmap(new ImageData(2, 2));
  closed.close();
  const frame = new VideoFrame(new Uint8Array(16), { format: "RGBA", codedWidth: 2, codedHeight: 2, timestamp: 0 });
  frame.close();
  const loading = new Image();
  loading.src = "/test/fixtures/bugs/p3.png?slow";
  const broken = new Image();
  broken.src = "/dist/src/index.js";
  await broken.decode().catch(() => undefined);
  const video = document.createElement("video");
  // Its size is known before its first frame.
  Object.defineProperty(video, "videoWidth", { value: 4 });
  Object.defineProperty(video, "videoHeight", { value: 4 });
  const sources = {
    ...{ image: new Image(), loading, broken, closed, frame, video, empty: new OffscreenCanvas(0, 4) },
    canvas: Object.assign(document.createElement("canvas"), { width: 0 }),
    other: new DOMMatrix() as unknown as ImageData,
    nowhere: "ftp://host/cat.png",
  };
  const said: Record<string, string> = {};
  for (const [name, source] of Object.entries(sources)) {
    said[name] = await library.readPicture(source).then(
      () => "read",
      (error: { readonly code: string; readonly message: string }) => `${error.code}: ${error.message}`,
    );
  }
  return said;
}

/** Runs in the page: URLs, one of them missing, a canvas and bytes, from a stream and a comparison. */
async function segmentUrls(paths: readonly string[]) {
  const { library } = globalThis as unknown as LibraryGlobal;
  const fcn = await library.loadFcn({ variant: "fcn32s", weights: "icons", resize: "none" });
  const [url, missing] = paths as [string, string];
  const base64 = async (blob: Blob): Promise<string> =>
    new Promise((resolve) => {
      const reader = new FileReader();
      reader.addEventListener("load", () => resolve(reader.result as string));
      reader.readAsDataURL(blob);
    });
  const blob = await (await fetch(url)).blob();
  const canvas = new OffscreenCanvas(40, 30);
  canvas.getContext("2d")?.fillRect(5, 5, 20, 20);
  const bytes = await blob.arrayBuffer();
  const pictures = [
    ...[url, new URL(url, location.href), missing, URL.createObjectURL(blob), await base64(blob)],
    ...[new File([blob], "a.png"), bytes, new DataView(bytes), new Uint8ClampedArray(bytes), canvas],
  ];
  const lines: string[] = [];
  const all: Uint8Array[] = [];
  for await (const result of fcn.segmentAll(pictures, { onError: "continue" })) {
    lines.push(result.error ? `${result.index} ${result.error.message}` : `${result.index} ${result.width}`);
    if (result.picture !== pictures[result.index]) throw new Error("of another picture");
    if (!result.error && result.picture !== canvas) all.push(result.labels);
  }
  const same = all.every((labels) => labels.every((label, i) => label === all[0]?.[i]));
  const { total, ...parts } = (await fcn.segment(canvas)).timings;
  const sum = Object.values(parts).reduce((a, b) => a + b, 0);
  const checkpoint = await library.openCheckpoint(await library.openSource("icons"));
  const comparison = await library.Comparison.open(fcn.device, checkpoint, { variants: ["fcn32s"] });
  const compared = await comparison.run(canvas);
  const [ofCanvas, ofUrl] = [compared.width, (await comparison.run(url)).width];
  comparison.dispose();
  fcn.dispose();
  return { lines, same, isSum: Math.abs(total - sum) < 0.001, parts: Object.keys(parts).length, ofCanvas, ofUrl };
}

it("a part that a page cannot load is an error that names it, and the next call tries again", async () => {
  await open.page.route("**/extras.bundle.js*", (route) => route.abort());
  const read = () => open.page.evaluate(() => (globalThis as unknown as LibraryGlobal).library.readPicture("/x.png"));
  await expect(read()).rejects.toThrow("extras.bundle.js could not be loaded");
  await open.page.unroute("**/extras.bundle.js*");
  await expect(read()).rejects.toThrow("the server answered 404 Not Found");
});

it("files, their URLs and what a canvas draws go through streams and comparisons", async () => {
  const paths = ["test/fixtures/bugs/p3.png", "no/such.png"];
  const { lines, ...others } = await open.page.evaluate(segmentUrls, paths);
  const { width } = await readPicture(fixture("test/fixtures/bugs/p3.png"));
  expect(lines.filter((_, i) => i !== 2)).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9].map((i) => `${i} ${i < 9 ? width : 40}`));
  expect(lines[2]).toMatch(
    /^2 http:\/\/127\.0\.0\.1:\d+\/no\/such\.png: the server answered 404 Not Found; check the URL$/,
  );
  expect(others).toEqual({ same: true, isSum: true, parts: 7, ofCanvas: 40, ofUrl: width });
});

describe("what a canvas draws", () => {
  it("is refused with a cure while it has no pixels", async () => {
    await open.page.route("**/p3.png?slow", () => undefined); // never answered
    const said = await open.page.evaluate(readRefused);
    const shown = "HTMLImageElement: it shows no picture; set its src to one, and wait for its decode()";
    expect(said).toEqual({
      image: `bad-image: ${shown}`,
      loading: "bad-image: HTMLImageElement: it is not loaded yet; wait for its decode()",
      broken: `bad-image: ${shown}`,
      closed: "bad-image: ImageBitmap: it was closed or transferred; give it before that, or a clone",
      frame: "bad-image: VideoFrame: it was closed or transferred; give it before that, or a clone",
      video: "bad-image: HTMLVideoElement: it has no frame yet; wait for its event loadeddata",
      empty: "bad-image: OffscreenCanvas: it has 0 x 4 pixels; set its size and draw into it",
      canvas: "bad-image: HTMLCanvasElement: it has 0 x 150 pixels; set its size and draw into it",
      other: "bad-image: picture: got DOMMatrix, needed { width, height, data }",
      nowhere: "bad-image: ftp://host/cat.png: pictures come from http:, https:, data: and blob: URLs, not from ftp:",
    });
  });

  it("is refused where the page may not read it: a picture of another origin", async () => {
    const said = await open.page.evaluate(async (path) => {
      const { library } = globalThis as unknown as LibraryGlobal;
      const image = new Image();
      image.src = `http://localhost:${location.port}/${path}`;
      await image.decode();
      const tainted = document.createElement("canvas");
      tainted.getContext("2d")?.drawImage(image, 0, 0);
      const messages: string[] = [];
      for (const picture of [image, tainted, image.src]) {
        await library.readPicture(picture).then(
          () => messages.push("read"),
          (error: { readonly message: string }) => messages.push(error.message),
        );
      }
      return messages;
    }, "test/fixtures/bugs/p3.png");
    const cure = 'load its pictures of other origins with crossOrigin = "anonymous"';
    for (const [i, name] of ["HTMLImageElement", "HTMLCanvasElement"].entries()) {
      expect(said[i]).toMatch(new RegExp(`^${name}: its pixels cannot be read \\(.*cross-origin.*\\); ${cure}`));
    }
    expect(said[2]).toMatch(
      /^http:\/\/localhost.*p3\.png: it could not be fetched \(.*\); a server of another origin must allow this page/,
    );
  });
});
