/** The decoder's geometry: every size comes back exactly, every crop fits, and "aligned" puts cells on their centres. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convTransposeOutputSize } from "../src/kernel/shape.js";
import { decoderGeometry, featureMapSizes } from "../src/layers/geometry.js";
import type { Alignment, EncoderLayer, UpsampleStep } from "../src/layers/geometry.js";

const VARIANTS = ["fcn32s", "fcn16s", "fcn8s"] as const;
const ALIGNMENTS: readonly Alignment[] = ["pad", "aligned"];
const LARGEST = 300;

const conv = (kernel: number, stride = 1, padding = (kernel - 1) / 2): EncoderLayer => ({
  kernel,
  stride,
  padding,
  dilation: 1,
});

/** Every layer of ResNet-101 with the stride on the 3x3. */
const RESNET: readonly EncoderLayer[] = [
  conv(7, 2),
  conv(3, 2),
  ...[3, 4, 23, 3].flatMap((count, stage) =>
    Array.from({ length: count }, (_, b) => [conv(1), conv(3, stage > 0 && b === 0 ? 2 : 1), conv(1)]).flat(),
  ),
];
const STRIDED = RESNET.filter((layer) => layer.stride > 1);

/** VGG16's convolutions and pools. */
function vgg(pool: EncoderLayer, firstPadding = 1): EncoderLayer[] {
  const stages = [2, 2, 3, 3, 3].flatMap((count) => [...Array.from({ length: count }, () => conv(3)), pool]);
  return [conv(3, 1, firstPadding), ...stages.slice(1)];
}
const VGG = vgg({ ...conv(2, 2, 0), ceilMode: true });
const ENCODERS = Object.entries({ "ResNet-101": RESNET, "VGG16 with ceil-mode pools": VGG });

/** Size after the steps, and null where a crop would reach outside the map. */
function decode(
  steps: readonly UpsampleStep[],
  taps: ReadonlyMap<number, number>,
  from: number,
  edge: "top" | "left",
): number | null {
  let size = taps.get(from) ?? NaN;
  for (const step of steps) {
    const target = taps.get(step.to) ?? NaN;
    const raised = convTransposeOutputSize(size, step);
    if (step.crop[edge] < 0 || !(raised - step.crop[edge] - target >= 0)) return null;
    size = target;
  }
  return size;
}

/** One axis of a bilinear transposed convolution followed by its crop. */
function upsample(
  x: readonly number[],
  { kernel, stride, padding, outputPadding, crop }: UpsampleStep,
  target: number,
): number[] {
  const factor = Math.floor((kernel + 1) / 2);
  const centre = (kernel - 1) / 2;
  const out = new Array<number>(convTransposeOutputSize(x.length, { kernel, stride, padding, outputPadding })).fill(0);
  x.forEach((value, i) => {
    for (let k = 0; k < kernel; k++) {
      const o = i * stride - padding + k;
      if (o >= 0 && o < out.length) out[o] = (out[o] as number) + value * (1 - Math.abs(k - centre) / factor);
    }
  });
  return out.slice(crop.top, crop.top + target);
}

/** Where the scores of the coarsest map land: pixel minus the pixel its cell is centred on, in the middle of the picture. */
function displacement(
  encoder: readonly EncoderLayer[],
  variant: (typeof VARIANTS)[number],
  alignment: Alignment,
  size: number,
): number {
  const { stride, offset, [variant]: steps } = decoderGeometry(encoder, { alignment });
  const taps = featureMapSizes(encoder, size);
  // A ramp whose value is the position of the cell: linear interpolation keeps it a ramp.
  let map = Array.from({ length: taps.get(stride) ?? 0 }, (_, i) => i * stride + offset);
  for (const step of steps) map = upsample(map, step, taps.get(step.to) ?? 0);
  const middle = Math.floor(size / 2);
  return middle - (map[middle] as number);
}

describe("ResNet-101", () => {
  const geometry = decoderGeometry(RESNET);

  it("has stride 32, cell 0 centred on pixel 0, and sees 971 pixels", () => {
    expect([geometry.stride, geometry.offset, geometry.receptiveField]).toEqual([32, 0, 971]);
  });

  it("has taps of ceil(H / 8), ceil(H / 16), ceil(H / 32), and doubled maps larger than the skip by at most one", () => {
    for (let size = 1; size <= LARGEST; size++) {
      const taps = featureMapSizes(RESNET, size);
      for (const stride of [1, 2, 4, 8, 16, 32]) expect(taps.get(stride)).toBe(Math.ceil(size / stride));
      for (const stride of [8, 16])
        expect([0, 1]).toContain(2 * Math.ceil(size / (2 * stride)) - Math.ceil(size / stride));
    }
  });

  it("comes back by kernels 2s, stride s, padding s/2, as the shipped checkpoint was trained", () => {
    const crop = { top: 0, left: 0 };
    const step = (from: number, to: number): UpsampleStep => {
      const stride = from / to;
      return { from, to, kernel: 2 * stride, stride, padding: stride / 2, outputPadding: 0, crop };
    };
    expect(geometry.fcn32s).toEqual([step(32, 1)]);
    expect(geometry.fcn16s).toEqual([step(32, 16), step(16, 1)]);
    expect(geometry.fcn8s).toEqual([step(32, 16), step(16, 8), step(8, 1)]);
  });

  it("needs only the strided layers for the steps", () => {
    for (const alignment of ALIGNMENTS) {
      const [full, strided] = [decoderGeometry(RESNET, { alignment }), decoderGeometry(STRIDED, { alignment })];
      for (const variant of VARIANTS) expect(strided[variant]).toEqual(full[variant]);
    }
  });

  it("is cropped by 31, 15, 7 and 1 when aligned", () => {
    const aligned = decoderGeometry(RESNET, { alignment: "aligned" });
    const rules = aligned.fcn8s
      .concat(aligned.fcn16s.slice(1), aligned.fcn32s)
      .map((s) => [s.kernel, s.stride, s.padding, s.outputPadding, s.crop.top]);
    expect(rules).toEqual([
      [3, 2, 0, 0, 1],
      [3, 2, 0, 0, 1],
      [15, 8, 0, 0, 7],
      [31, 16, 0, 0, 15],
      [63, 32, 0, 0, 31],
    ]);
  });

  it.each(VARIANTS)("%s: aligned scores lie on their cells", (variant) => {
    for (const size of [512, 500, 511, 513]) expect(displacement(RESNET, variant, "aligned", size)).toBeCloseTo(0, 9);
  });

  it("pad shifts them by 15.5 pixels, at once or in steps", () => {
    for (const variant of VARIANTS) expect(displacement(RESNET, variant, "pad", 512)).toBeCloseTo(15.5, 9);
  });
});

describe("VGG16", () => {
  it("sees 212 pixels, centres cell 0 between pixels, and is aligned by pad already", () => {
    const pad = decoderGeometry(VGG);
    expect([pad.stride, pad.receptiveField, pad.offset]).toEqual([32, 212, 15.5]);
    for (const alignment of ALIGNMENTS)
      for (const variant of VARIANTS) expect(displacement(VGG, variant, alignment, 500)).toBeCloseTo(0, 9);
  });

  it("with pools that round down loses the far edge, and is refused", () => {
    expect(() => decoderGeometry(vgg(conv(2, 2, 0)))).toThrow(/loses 31 pixels between strides 1 and 32/);
    // Padding of 100 covers the picture, but not the maps in between.
    expect(() => decoderGeometry(vgg(conv(2, 2, 0), 100))).toThrow(/between strides 16 and 32/);
  });
});

describe.each(ALIGNMENTS)("%s", (alignment) => {
  it.each(VARIANTS)("%s brings every H x W of 1..300 back to H x W", (variant) => {
    const { stride, [variant]: steps } = decoderGeometry(RESNET, { alignment });
    const taps = Array.from({ length: LARGEST }, (_, i) => featureMapSizes(RESNET, i + 1));
    const wrong: string[] = [];
    taps.forEach((tall, i) => {
      taps.forEach((wide, j) => {
        const [h, w] = [decode(steps, tall, stride, "top"), decode(steps, wide, stride, "left")];
        if (h !== i + 1 || w !== j + 1) wrong.push(`${i + 1}x${j + 1} gives ${h}x${w}`);
      });
    });
    expect(wrong).toEqual([]);
  });

  it("covers every size for each encoder that it accepts, and refuses for lost pixels only where some size is not covered", () => {
    const layer = fc
      .record({
        kernel: fc.integer({ min: 1, max: 7 }),
        padding: fc.integer({ min: 0, max: 4 }),
        dilation: fc.integer({ min: 1, max: 2 }),
        ceilMode: fc.boolean(),
      })
      .map((l) => ({ ...l, ceilMode: l.ceilMode && 2 * l.padding <= l.kernel }));
    const strides = fc.constantFrom<number[]>([2, 2, 2, 1, 1], [3, 2, 1, 2, 1], [2, 1, 3, 2, 2], [1, 1, 2, 2, 2]);
    const SMALLEST = 300; // windows that span up to 276 pixels fit
    const counts = { accepted: 0, lossy: 0 };
    fc.assert(
      fc.property(fc.array(layer, { minLength: 5, maxLength: 5 }), strides, (layers, by) => {
        const chain: EncoderLayer[] = layers.map((l, i) => ({ ...l, stride: by[i] as number }));
        const total = by.reduce((x, y) => x * y, 1);
        const taps = Array.from({ length: 3 * total }, (_, i) => featureMapSizes(chain, SMALLEST + i));
        let geometry;
        try {
          geometry = decoderGeometry(chain, { alignment });
        } catch (error) {
          if (!(error as Error).message.includes("loses") || chain.some((l) => l.ceilMode)) return;
          counts.lossy++;
          const stops = [total, total / 2, total / 4, 1];
          const covers = (t: ReadonlyMap<number, number>, coarse: number, fine: number): boolean =>
            (coarse / fine) * (t.get(coarse) as number) >= (t.get(fine) as number);
          const pairs = [
            ...stops.slice(1).map((fine, i) => [stops[i] as number, fine] as const),
            [total, 1] as const,
            [total / 2, 1] as const,
          ];
          expect(taps.every((t) => pairs.every(([coarse, fine]) => covers(t, coarse, fine)))).toBe(false);
          return;
        }
        counts.accepted++;
        taps.forEach((t, i) => {
          for (const variant of VARIANTS) expect(decode(geometry[variant], t, total, "top")).toBe(SMALLEST + i);
        });
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(counts.accepted).toBeGreaterThan(50);
    expect(counts.lossy).toBeGreaterThan(50);
  });
});

it("loses pixels with one row of padding too few", () => {
  for (const [padding, covers] of [
    [0, false],
    [1, true],
  ] as const) {
    const chain = [conv(3, 2, padding), conv(3, 2), conv(3, 2)];
    if (covers) expect(decoderGeometry(chain).stride).toBe(8);
    else expect(() => decoderGeometry(chain)).toThrow(/loses 2 pixels between strides 1 and 8/);
    expect(
      Array.from({ length: 60 }, (_, i) => i + 5).every((size) => 8 * (featureMapSizes(chain, size).get(8) ?? 0) >= size),
    ).toBe(covers);
  }
});

it("does not count on a ceil-mode window that would start in the far padding, which PyTorch drops", () => {
  const chain = [conv(3, 1, 0), { ...conv(1, 3), ceilMode: true }, conv(3, 2), conv(3, 2)];
  expect(featureMapSizes(chain, 5).get(3)).toBe(1); // three rows are left of five: two windows by rounding up, one that counts
  expect(() => decoderGeometry(chain)).toThrow(/loses 2 pixels between strides 1 and 12/);
});

it.each(ENCODERS)("%s: every size of 1..300", (_, encoder) => {
  for (const alignment of ALIGNMENTS) {
    const geometry = decoderGeometry(encoder, { alignment });
    for (let size = 1; size <= LARGEST; size++) {
      let taps;
      try {
        taps = featureMapSizes(encoder, size);
      } catch {
        continue; // a 2x2 pool does not fit in one pixel
      }
      for (const variant of VARIANTS) expect(decode(geometry[variant], taps, geometry.stride, "top")).toBe(size);
    }
  }
});

describe("errors", () => {
  it("names what a chain lacks", () => {
    expect(() => decoderGeometry([])).toThrow(/no layers/);
    expect(() => decoderGeometry([conv(3, 2)])).toThrow(
      /downsampled feature map, here of stride 1; the encoder has strides 2$/,
    );
    expect(() => decoderGeometry([conv(3), conv(3, 2), conv(3, 2)])).toThrow(
      /here of stride 1; the encoder has strides 1, 2, 4$/,
    );
    expect(() => decoderGeometry([conv(3, 3), conv(3, 3), conv(3, 3)])).toThrow(
      /here of stride 13.5; the encoder has strides 3, 9, 27$/,
    );
  });

  it("refuses to align cells that no crop reaches", () => {
    expect(() => decoderGeometry([conv(3, 2, 40), conv(3, 2), conv(3, 2)], { alignment: "aligned" })).toThrow(
      /centred -39 cells off/,
    );
  });
});
