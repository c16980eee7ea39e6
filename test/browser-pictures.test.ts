/** Pictures as pages hold them, in Chromium: files in memory, elements, bitmaps, frames. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPicture } from "../src/node.js";
import type { BrowserPicture, Picture } from "../src/index.js";
import { openLibraryPage } from "./helpers/page.js";
import type { LibraryGlobal, OpenPage } from "./helpers/page.js";
import { fixture } from "./helpers/reference-maps.js";

let open: OpenPage;
beforeAll(async () => {
  open = await openLibraryPage();
});
afterAll(() => open.close());

const bytesOf = (name: string): Buffer => fixture(`test/fixtures/bugs/${name}`);

interface PlainPicture {
  readonly width: number;
  readonly height: number;
  readonly data: readonly number[];
}
const plain = ({ width, height, data }: Picture): PlainPicture => ({ width, height, data: Array.from(data) });

type Holder = "Blob" | "ArrayBuffer" | "Uint8Array";

/** Runs in the page. */
async function readThere({ base64, holder }: { readonly base64: string; readonly holder: Holder }) {
  const { library } = globalThis as unknown as LibraryGlobal;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const held = { Blob: new Blob([bytes]), ArrayBuffer: bytes.buffer, Uint8Array: bytes }[holder];
  try {
    const { width, height, data } = await library.readPicture(held);
    return { width, height, data: Array.from(data) };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { code, message };
  }
}

const readInPage = (name: string, holder: Holder) =>
  open.page.evaluate(readThere, { base64: bytesOf(name).toString("base64"), holder });

function farthest(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

describe("a file in memory has the values that Node reads", () => {
  const CASES = [
    ["p3.png", 0],
    ["p3.jpg", 1], // decoders of JPEG round in ways of their own
    ["exif6.png", 0],
    ["exif6.jpg", 1],
    ["trns-ct0-d1.png", 0],
    ["trns-ct2-d8.png", 0],
    ["bad_crc_text.png", 0],
  ] as const;
  it.each(CASES)("%s, to within %i", async (name, tolerance) => {
    const expected = plain(await readPicture(bytesOf(name)));
    for (const holder of ["Blob", "ArrayBuffer", "Uint8Array"] as const) {
      const there = (await open.page.evaluate(readThere, {
        base64: bytesOf(name).toString("base64"),
        holder,
      })) as PlainPicture;
      expect([there.width, there.height]).toEqual([expected.width, expected.height]);
      expect(farthest(there.data, expected.data)).toBeLessThanOrEqual(tolerance);
    }
  });

  it("a file that the browser cannot decode is a bad-image with its size", async () => {
    for (const name of ["photo.heic", "complex_number.pth"]) {
      const result = await readInPage(name, "Blob");
      const size = bytesOf(name).length;
      expect(result).toEqual({
        code: "bad-image",
        message:
          `picture: the browser cannot decode this file of ${size} bytes; ` +
          "give a whole PNG, JPEG, WebP, AVIF or GIF",
      });
    }
  });
});

/** Runs in the page: the same two pixels, red and half-transparent blue, from everything that a canvas draws. */
async function readDrawables() {
  const { library } = globalThis as unknown as LibraryGlobal;
  const pixels = new ImageData(new Uint8ClampedArray([255, 0, 0, 255, 0, 0, 255, 255]), 2, 1);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 2, height: 1 });
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  const offscreen = new OffscreenCanvas(2, 1);
  offscreen.getContext("2d")?.putImageData(pixels, 0, 0);
  const image = new Image(300, 300); // its size on the page
  image.src = canvas.toDataURL();
  await image.decode();
  const frame = new VideoFrame(canvas, { timestamp: 0 });
  const sources = { canvas, offscreen, image, frame, pixels, bitmap: await createImageBitmap(canvas) };
  const read: Record<string, number[]> = {};
  for (const [name, source] of Object.entries(sources) as [string, BrowserPicture][]) {
    const { width, height, data } = await library.readPicture(source);
    read[name] = [width, height, ...data];
  }
  frame.close();
  return read;
}

/** Runs in the page: a call has the pixels of its moment, although its canvas is drawn again. */
async function segmentFrames() {
  const { library } = globalThis as unknown as LibraryGlobal;
  const fcn = await library.loadFcn({ variant: "fcn32s", resize: "none" });
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const frames = [0, 1, 2].map((shift) => {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, 64, 64);
    context.fillStyle = `rgb(${80 * shift}, 40, 200)`;
    context.fillRect(16 * shift, 8, 24, 48);
    return { later: fcn.logits(canvas), pixels: context.getImageData(0, 0, 64, 64) };
  });
  const pairs = frames.map(async ({ later, pixels }) => {
    const [there, here] = [await later, await fcn.logits(pixels)];
    return there.data.every((value, i) => value === here.data[i]);
  });
  const same = await Promise.all(pairs);
  fcn.dispose();
  return same;
}

describe("what a canvas draws", () => {
  it("has its own size and values", async () => {
    const expected = [2, 1, 255, 0, 0, 255, 0, 0, 255, 255];
    const read = await open.page.evaluate(readDrawables);
    expect(Object.keys(read)).toEqual(["canvas", "offscreen", "image", "frame", "pixels", "bitmap"]);
    for (const values of Object.values(read)) expect(farthest(values, expected)).toBeLessThanOrEqual(1);
  });

  it("is read when the call is made", async () => {
    expect(await open.page.evaluate(segmentFrames)).toEqual([true, true, true]);
  });
});

it("asks no other host, and logs no error", () => {
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
