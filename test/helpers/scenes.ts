/** Small random pictures with label maps, for property tests of figures. */
import fc from "fast-check";
import { expect } from "vitest";
import { isFcnError } from "../../src/base/errors.js";
import type { Picture } from "../../src/image/picture.js";

const LABELS = [0, 0, 3, 15, 255];

/** An opaque picture of up to 12 x 12 pixels, and a map of its labels. */
export const scene = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.nat(0xffff))
  .map(([width, height, seed]) => {
    const data = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? 255 : Math.imul(i + seed, 2654435761) >>> 24,
    );
    const picture: Picture = { width, height, data };
    const labels = Uint8Array.from(
      { length: width * height },
      (_, i) => LABELS[(Math.imul(i + seed, 2246822519) >>> 16) % LABELS.length] as number,
    );
    return { picture, labels };
  });

/** The four bytes of pixel i. */
export const pixel = (picture: Picture, i: number): number[] => [...picture.data.subarray(i * 4, i * 4 + 4)];

/** Matches an error of this code and exactly this sentence. */
export const refused = (code: "bad-image" | "bad-option", sentence: string): Error =>
  expect.toSatisfy((e) => isFcnError(e, code) && e.message === sentence) as Error;
