/** The decoder's geometry at every size: maps come back exactly, and every crop lies within its map. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decoderGeometry, featureMapSizes } from "../src/layers/geometry.js";
import type { Alignment, DecoderGeometry, EncoderLayer } from "../src/layers/geometry.js";
import { ALIGNMENTS, DECODERS, RESNET, VGG, conv, decodedSize } from "./helpers/encoders.js";

const LARGEST = 300;
const ENCODERS = Object.entries({ "ResNet-101": RESNET, "VGG16 with ceil-mode pools": VGG });

/** A size at which windows that span up to 276 pixels fit. */
const SMALLEST = 300;

/** Layers without their strides. A ceil-mode pooling has at most half its kernel as padding. */
const layers = fc.array(
  fc
    .record({
      kernel: fc.integer({ min: 1, max: 7 }),
      padding: fc.integer({ min: 0, max: 4 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      ceilMode: fc.boolean(),
    })
    .map((layer) => ({ ...layer, ceilMode: layer.ceilMode && 2 * layer.padding <= layer.kernel })),
  { minLength: 5, maxLength: 5 },
);
const strides = fc.constantFrom<number[]>([2, 2, 2, 1, 1], [3, 2, 1, 2, 1], [2, 1, 3, 2, 2], [1, 1, 2, 2, 2]);

/** The geometry, or the reason why the encoder is refused. */
function geometryOf(chain: readonly EncoderLayer[], alignment: Alignment): DecoderGeometry | string {
  try {
    return decoderGeometry(chain, { alignment });
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether each coarse map covers the finer ones at these sizes. `total` is the stride of the coarsest map. */
function coversAll(sizes: ReadonlyMap<number, number>, total: number): boolean {
  const pairs = [
    [total, total / 2],
    [total / 2, total / 4],
    [total / 4, 1],
    [total, 1],
    [total / 2, 1],
  ] as const;
  const sizeOf = (stride: number): number => sizes.get(stride) as number;
  return pairs.every(([coarse, fine]) => (coarse / fine) * sizeOf(coarse) >= sizeOf(fine));
}

describe.each(ALIGNMENTS)("%s", (alignment) => {
  it.each(DECODERS)("%s brings every H x W of 1..300 back to H x W", (decoder) => {
    const { stride, [decoder]: steps } = decoderGeometry(RESNET, { alignment });
    const sizes = Array.from({ length: LARGEST }, (_, i) => featureMapSizes(RESNET, i + 1));
    const wrong: string[] = [];
    sizes.forEach((tall, i) => {
      sizes.forEach((wide, j) => {
        const [h, w] = [decodedSize(steps, tall, stride, "top"), decodedSize(steps, wide, stride, "left")];
        if (h !== i + 1 || w !== j + 1) wrong.push(`${i + 1}x${j + 1} gives ${h}x${w}`);
      });
    });
    expect(wrong).toEqual([]);
  });

  it("covers every size for the encoders it accepts, and refuses for lost pixels only where it would not", () => {
    const counts = { accepted: 0, lossy: 0 };
    const check = (windows: readonly Omit<EncoderLayer, "stride">[], by: readonly number[]): void => {
      const chain = windows.map((window, i): EncoderLayer => ({ ...window, stride: by[i] as number }));
      const total = by.reduce((x, y) => x * y, 1);
      const sizes = Array.from({ length: 3 * total }, (_, i) => featureMapSizes(chain, SMALLEST + i));
      const geometry = geometryOf(chain, alignment);
      if (typeof geometry === "string") {
        // Not checked with ceil-mode poolings, whose margin is only a bound.
        if (!geometry.includes("loses") || chain.some((layer) => layer.ceilMode)) return;
        counts.lossy++;
        expect(sizes.every((ofSize) => coversAll(ofSize, total))).toBe(false);
        return;
      }
      counts.accepted++;
      sizes.forEach((ofSize, i) => {
        for (const decoder of DECODERS) expect(decodedSize(geometry[decoder], ofSize, total, "top")).toBe(SMALLEST + i);
      });
    };
    fc.assert(fc.property(layers, strides, check), { numRuns: 3000, seed: 1 });
    expect(counts.accepted).toBeGreaterThan(50);
    expect(counts.lossy).toBeGreaterThan(50);
  });
});

it.each(ENCODERS)("%s: every size of 1..300 comes back", (_, encoder) => {
  for (const alignment of ALIGNMENTS) {
    const geometry = decoderGeometry(encoder, { alignment });
    for (let size = 1; size <= LARGEST; size++) {
      let sizes;
      try {
        sizes = featureMapSizes(encoder, size);
      } catch {
        continue; // a 2x2 pool does not fit in one pixel
      }
      for (const decoder of DECODERS) expect(decodedSize(geometry[decoder], sizes, geometry.stride, "top")).toBe(size);
    }
  }
});

it("loses pixels with one row of padding too few", () => {
  for (const [padding, covers] of [
    [0, false],
    [1, true],
  ] as const) {
    const chain = [conv(3, 2, padding), conv(3, 2), conv(3, 2)];
    if (covers) expect(decoderGeometry(chain).stride).toBe(8);
    else expect(() => decoderGeometry(chain)).toThrow(/loses 2 pixels between strides 1 and 8/);
    const sizes = Array.from({ length: 60 }, (_, i) => i + 5);
    expect(sizes.every((size) => 8 * (featureMapSizes(chain, size).get(8) ?? 0) >= size)).toBe(covers);
  }
});

it("does not count on a ceil-mode window that would start in the far padding, which PyTorch drops", () => {
  const chain = [conv(3, 1, 0), { ...conv(1, 3), ceilMode: true }, conv(3, 2), conv(3, 2)];
  // Three rows are left of five: rounding up gives two windows, of which one counts.
  expect(featureMapSizes(chain, 5).get(3)).toBe(1);
  expect(() => decoderGeometry(chain)).toThrow(/loses 2 pixels between strides 1 and 12/);
});
