/**
 * Labels to a picture: every pixel gets the palette's colour, mixed with the picture when one is given. Integer
 * arithmetic throughout, so that every adapter gives the same bytes:
 *   value = (image * (256 - o) + colour * o + 128) >> 8, with o = floor(opacity * 256 + 0.5).
 * With a picture and `keep_background`, pixels of class 0 stay as they are. Without a picture the result is the
 * palette's colour itself and opacity has no effect. Alpha is always 255.
 * http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/index.html
 */
import { FcnError, badShape } from "../../src/base/errors.js";
import { sameShape } from "../../src/kernel/checks.js";
import { threadPerPixel } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import type { Packing } from "../../src/kernel/variant.js";
import { colorize as shaders } from "../wgsl.generated.js";

/** Colours of a palette: one for every label that a byte holds. */
const ENTRIES = 256;
const OPAQUE = 0xff000000;

/** Packs [256][3] to 256 RGBA8 words: R in the low byte, alpha 255 in the high one. */
const words: Packing = {
  name: "colorize/words",
  pack(data) {
    const packed = new Uint32Array(ENTRIES).fill(OPAQUE);
    for (let i = 0; i < ENTRIES * 3; i++) {
      const value = data[i] as number;
      const entry = Math.floor(i / 3);
      const channel = i % 3;
      if (!Number.isInteger(value) || value < 0 || value > 255) {
        throw new FcnError(
          "bad-option",
          `colorize: palette entry ${entry} holds ${value}, needs whole numbers from 0 to 255`,
        );
      }
      packed[entry] = (packed[entry] as number) | (value << (channel * 8));
    }
    return packed;
  },
};

/** Weight of the palette's colour, in 256ths. */
const opacityWeight = (opacity: number): number => Math.floor(opacity * 256 + 0.5);

function checkImage(image: Nchw | undefined, y: Nchw, labels: Nchw): void {
  if (image === undefined || sameShape(image, y)) return;
  const needed = `${formatShape(y)}: RGBA, of the size of labels ${formatShape(labels)}`;
  throw badShape(`colorize: image ${formatShape(image)} needs ${needed}`);
}

function checkPalette(palette: Shape): void {
  if (palette.length === 2 && palette[0] === ENTRIES && palette[1] === 3) return;
  const needed = `[${ENTRIES},3], a colour for every label a byte holds`;
  throw badShape(`colorize: palette ${formatShape(palette)} needs ${needed}`);
}

/** Labels to RGBA in a palette's colours, over the picture when there is one. */
export const colorize = defineKernel({
  name: "colorize",
  shaders,
  inputs: {
    labels: { role: "tensor", layout: "u8" },
    image: { role: "tensor", layout: "rgba8", optional: true },
    palette: { role: "weight" },
  },
  outputs: { y: { role: "tensor", layout: "rgba8" } },
  attrs: { opacity: 0.6, keep_background: true as boolean },

  shape({ labels, image, palette }, { opacity }) {
    if (labels[1] !== 1) throw badShape(`colorize: labels ${formatShape(labels)} has ${labels[1]} channels, needs 1`);
    const y = [labels[0], 4, labels[2], labels[3]] as const;
    checkImage(image, y, labels);
    checkPalette(palette);
    if (!(opacity >= 0 && opacity <= 1)) throw badShape(`colorize: opacity ${opacity} needs to be from 0 to 1`);
    return { y };
  },
  // Opacity is a uniform and not a pipeline constant: a slider may move it.
  params: ({ in: { labels }, attrs }) => ({ pixels: u32(sizeOf(labels)), opacity: u32(opacityWeight(attrs.opacity)) }),
  overrides: ({ in: { image }, attrs }) => ({
    HAS_IMAGE: image ? 1 : 0,
    KEEP_BACKGROUND: attrs.keep_background ? 1 : 0,
  }),
  cost: ({ in: { labels, image } }) => ({
    flops: (image ? 3 * 5 : 0) * sizeOf(labels),
    bytes: (1 + 4 + (image ? 4 : 0)) * sizeOf(labels) + 4 * ENTRIES,
  }),
  variants: {
    // One pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      packing: { palette: words },
      threads: ({ in: { labels } }) => threadPerPixel(labels),
    },
  },
});
