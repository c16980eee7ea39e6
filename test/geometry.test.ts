/** The decoder's geometry: numbers for ResNet-101 and VGG16, where scores land, encoders that are refused. */
import { describe, expect, it } from "vitest";
import { convTransposeOutputSize } from "../src/kernel/shape.js";
import { decoderGeometry, featureMapSizes } from "../src/layers/geometry.js";
import type { Alignment, EncoderLayer, UpsampleStep } from "../src/layers/geometry.js";
import { ALIGNMENTS, DECODERS, RESNET, VGG, conv, vgg } from "./helpers/encoders.js";
import type { Decoder } from "./helpers/encoders.js";

const LARGEST = 300;
const STRIDED = RESNET.filter((layer) => layer.stride > 1);

/** One axis of a bilinear transposed convolution and of the crop after it. */
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

/** How far the scores of the coarsest map land from the pixels on which their cells are centred, mid-picture. */
function displacement(encoder: readonly EncoderLayer[], decoder: Decoder, alignment: Alignment, size: number): number {
  const { stride, offset, [decoder]: steps } = decoderGeometry(encoder, { alignment });
  const sizes = featureMapSizes(encoder, size);
  // A ramp, whose value is the position of the cell. Linear interpolation keeps it a ramp.
  let map = Array.from({ length: sizes.get(stride) ?? 0 }, (_, i) => i * stride + offset);
  for (const step of steps) map = upsample(map, step, sizes.get(step.to) ?? 0);
  const middle = Math.floor(size / 2);
  return middle - (map[middle] as number);
}

describe("ResNet-101", () => {
  const geometry = decoderGeometry(RESNET);

  it("has stride 32, cell 0 centred on pixel 0, and a receptive field of 971 pixels", () => {
    expect([geometry.stride, geometry.offset, geometry.receptiveField]).toEqual([32, 0, 971]);
  });

  it("has maps of ceil(H / 8), ceil(H / 16), ceil(H / 32); doubled maps exceed the skip by at most one", () => {
    for (let size = 1; size <= LARGEST; size++) {
      const sizes = featureMapSizes(RESNET, size);
      for (const stride of [1, 2, 4, 8, 16, 32]) expect(sizes.get(stride)).toBe(Math.ceil(size / stride));
      for (const stride of [8, 16])
        expect([0, 1]).toContain(2 * Math.ceil(size / (2 * stride)) - Math.ceil(size / stride));
    }
  });

  it("is upsampled with kernels 2s, stride s and padding s/2, as the shipped checkpoint was trained", () => {
    const crop = { top: 0, left: 0 };
    const step = (from: number, to: number): UpsampleStep => {
      const stride = from / to;
      return { from, to, kernel: 2 * stride, stride, padding: stride / 2, outputPadding: 0, crop };
    };
    expect(geometry.fcn32s).toEqual([step(32, 1)]);
    expect(geometry.fcn16s).toEqual([step(32, 16), step(16, 1)]);
    expect(geometry.fcn8s).toEqual([step(32, 16), step(16, 8), step(8, 1)]);
  });

  it("gives the same steps from its strided layers alone", () => {
    for (const alignment of ALIGNMENTS) {
      const [full, strided] = [decoderGeometry(RESNET, { alignment }), decoderGeometry(STRIDED, { alignment })];
      for (const decoder of DECODERS) expect(strided[decoder]).toEqual(full[decoder]);
    }
  });

  it("is cropped by 31, 15, 7 and 1 when aligned", () => {
    const aligned = decoderGeometry(RESNET, { alignment: "aligned" });
    const steps = aligned.fcn8s.concat(aligned.fcn16s.slice(1), aligned.fcn32s);
    expect(steps.map((s) => [s.kernel, s.stride, s.padding, s.outputPadding, s.crop.top])).toEqual([
      [3, 2, 0, 0, 1],
      [3, 2, 0, 0, 1],
      [15, 8, 0, 0, 7],
      [31, 16, 0, 0, 15],
      [63, 32, 0, 0, 31],
    ]);
  });

  it.each(DECODERS)("%s: aligned scores lie on their cells", (decoder) => {
    for (const size of [512, 500, 511, 513]) expect(displacement(RESNET, decoder, "aligned", size)).toBeCloseTo(0, 9);
  });

  it("has scores shifted by 15.5 pixels with pad, in one step or in several", () => {
    for (const decoder of DECODERS) expect(displacement(RESNET, decoder, "pad", 512)).toBeCloseTo(15.5, 9);
  });
});

describe("VGG16", () => {
  it("has a receptive field of 212 pixels and cell 0 centred between pixels, which pad aligns already", () => {
    const pad = decoderGeometry(VGG);
    expect([pad.stride, pad.receptiveField, pad.offset]).toEqual([32, 212, 15.5]);
    for (const alignment of ALIGNMENTS)
      for (const decoder of DECODERS) expect(displacement(VGG, decoder, alignment, 500)).toBeCloseTo(0, 9);
  });

  it("with pools that round down loses the far edge, and is refused", () => {
    expect(() => decoderGeometry(vgg(conv(2, 2, 0)))).toThrow(/loses 31 pixels between strides 1 and 32/);
    // Padding of 100 covers the picture, but not the maps in between.
    expect(() => decoderGeometry(vgg(conv(2, 2, 0), 100))).toThrow(/between strides 16 and 32/);
  });
});

describe("errors", () => {
  it("name what a chain lacks", () => {
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

  it("refuse to align cells that no crop reaches", () => {
    expect(() => decoderGeometry([conv(3, 2, 40), conv(3, 2), conv(3, 2)], { alignment: "aligned" })).toThrow(
      /centred -39 cells off/,
    );
  });
});
