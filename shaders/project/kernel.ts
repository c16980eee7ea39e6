/**
 * The 1x1 class projection of an FCN ("score" layer): every pixel's feature vector to one logit per class. A convolution in
 * name, a matrix product in fact: few outputs, long inputs, no window.
 */
import { badShape } from "../../src/errors.js";
import { defineKernel, u32 } from "../../src/kernel.js";
import type { Packing } from "../../src/kernel.js";
import { blocksOf, sizeOf } from "../../src/layout.js";
import { elements, formatShape } from "../../src/shape.js";

/** [classes][in] -> [classes/4][in/4][4 classes] of vec4 over 4 inputs. */
const classBlocks: Packing = {
  name: "project/class-blocks",
  pack(data, shape) {
    const [classes, inC] = shape as [number, number];
    const inBlocks = blocksOf(inC);
    const packed = new Float32Array(blocksOf(classes) * inBlocks * 16);
    for (let k = 0; k < classes; k++) {
      for (let c = 0; c < inC; c++) {
        packed[((k >> 2) * inBlocks + (c >> 2)) * 16 + (k & 3) * 4 + (c & 3)] = data[k * inC + c] as number;
      }
    }
    return packed;
  },
};

export const project = defineKernel({
  name: "project",
  summary: "1x1 class projection: features to one logit per class",
  source: "https://arxiv.org/abs/1411.4038 (section 4.1)",
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
    bias: { role: "weight", optional: true },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {},

  shape({ x, weight, bias }) {
    const [classes, inC, ...window] = weight as readonly number[];
    if (classes === undefined || inC === undefined || window.some((k) => k !== 1) || (window.length !== 0 && window.length !== 2)) {
      throw badShape(`project: weight ${formatShape(weight)} needs the shape [classes, in, 1, 1] or [classes, in]`);
    }
    if (inC !== x[1]) throw badShape(`project: weight ${formatShape(weight)} needs ${inC} input channels, x ${formatShape(x)} has ${x[1]}`);
    if (bias && elements(bias) !== classes) throw badShape(`project: bias ${formatShape(bias)} needs ${classes} values for weight ${formatShape(weight)}`);
    return { y: [x[0], classes, x[2], x[3]] };
  },
  params: ({ in: { x } }) => ({ pixels: u32(x[0] * x[2] * x[3]) }),
  overrides: ({ in: { x, bias }, out: { y } }) => ({ IN_C: x[1], CLASSES: y[1], HAS_BIAS: bias ? 1 : 0 }),
  cost: ({ in: { x, weight }, out: { y } }) => ({ flops: 2 * sizeOf(y) * x[1], bytes: 4 * (sizeOf(x) + elements(weight) + sizeOf(y)) }),
  variants: {
    naive: {
      wgsl: "naive",
      summary: "one thread, one logit",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]) * 4, 1, 1],
    },
    vec4: {
      wgsl: "vec4",
      summary: "one thread, four classes of a pixel, four features at a time",
      workgroup: [64, 1, 1],
      packing: { weight: classBlocks },
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
  },
});
