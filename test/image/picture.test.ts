/** Pictures as callers give them, and PASCAL VOC's palette. */
import { describe, expect, it } from "vitest";
import { isFcnError } from "../../src/base/errors.js";
import { classColour } from "../../src/image/own-palette.js";
import { VOC_CLASSES, vocPalette } from "../../src/image/palette.js";
import { bytesIn, heldPixels, toRgba } from "../../src/image/picture.js";
import type { Picture } from "../../src/image/picture.js";
import { expectError } from "../helpers/expect-error.js";

describe("toRgba", () => {
  it("gives RGB an opaque alpha, and takes the channels from the length", () => {
    expect([...toRgba({ width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) }).data]).toEqual([
      1, 2, 3, 255, 4, 5, 6, 255,
    ]);
    const data = Uint8ClampedArray.of(1, 2, 3, 4);
    expect(toRgba({ width: 1, height: 1, data }).data).toBe(data); // RGBA is not copied
  });

  it.each<[string, Picture, string]>([
    [
      "a length between",
      { width: 2, height: 2, data: new Uint8Array(13) },
      "photo: 2 x 2 needs 4 (grey), 12 (RGB) or 16 (RGBA) bytes, got 13",
    ],
    [
      "channels that do not fit",
      { width: 2, height: 2, data: new Uint8Array(12), channels: 4 },
      "photo: 2 x 2 needs 16 bytes, got 12",
    ],
    ["no size", { width: 0, height: 2, data: new Uint8Array(0) }, "photo: 0 x 2 is not a size of at least 1 x 1"],
    [
      "half a pixel",
      { width: 1.5, height: 2, data: new Uint8Array(9) },
      "photo: 1.5 x 2 is not a size of at least 1 x 1",
    ],
    [
      "a negative size",
      { width: -2, height: -2, data: new Uint8Array(16) },
      "photo: -2 x -2 is not a size of at least 1 x 1",
    ],
    [
      "floats",
      { width: 1, height: 1, data: [0, 0, 0] as unknown as Uint8Array },
      "photo: data must be a Uint8Array or Uint8ClampedArray, got Array",
    ],
    [
      "floats, as ImageData of another pixelFormat has them",
      { width: 1, height: 1, data: new Float32Array(4) as unknown as Uint8Array },
      "photo: data must be a Uint8Array or Uint8ClampedArray, got Float32Array",
    ],
  ])("refuses %s", (_, picture, sentence) => {
    expect(() => toRgba(picture, "photo")).toThrow(
      expect.toSatisfy((e) => isFcnError(e, "bad-image") && e.message === sentence) as Error,
    );
  });
});

describe("the VOC palette", () => {
  it("has the colours of the development kit, each once", () => {
    const colours = Array.from({ length: 256 }, (_, i) => classColour(i));
    expect(colours.slice(0, 4)).toEqual(["#000000", "#800000", "#008000", "#808000"]);
    // Person, tvmonitor, void.
    expect([colours[15], colours[20], colours[255]]).toEqual(["#c08080", "#004080", "#e0e0c0"]);
    expect(new Set(colours).size).toBe(256);
    expect(vocPalette()).toHaveLength(768);
  });

  it("goes with 21 names", () => {
    expect([VOC_CLASSES.length, VOC_CLASSES[0], VOC_CLASSES[15], VOC_CLASSES[20]]).toEqual([
      21,
      "background",
      "person",
      "tvmonitor",
    ]);
  });
});

it("says that a buffer was transferred", async () => {
  const data = new Uint8Array(16);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  const sentence =
    "picture: 2 x 2 needs 4 (grey), 12 (RGB) or 16 (RGBA) bytes, got 0: the buffer is empty, or was transferred";
  await expectError(() => toRgba(heldPixels({ width: 2, height: 2, data })()), "bad-image", sentence);
  expect([bytesIn(data)?.length, bytesIn(data.buffer)?.length]).toEqual([0, 0]);
});
