/**
 * The inverse of max-pool2d as far as there is one: every value goes back to where its maximum was, all else is zero (SegNet,
 * DeconvNet). Written as a gather, so that the result does not depend on the order of threads: an output pixel asks only the
 * windows that cover it, and where two of them chose the same pixel the last one wins, as in a serial scatter. `indices` must
 * therefore come from a pooling with this kernel, stride and padding over a plane of the output's size; an index outside its
 * window is not found.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, formatShape } from "../../src/kernel/shape.js";
import { maxUnpool2d as shaders } from "../wgsl.generated.js";

/** Puts pooled values back where their maxima were, zero elsewhere. */
export const maxUnpool2d = defineKernel({
  name: "max-unpool2d",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    indices: { role: "tensor", layout: "nhwc4-u32" },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  /** A stride of 0 is the kernel's size; an output size of 0 is (in - 1) * stride - 2 * padding + kernel. */
  attrs: { kernel: 2 as Pair, stride: 0 as Pair, padding: 0 as Pair, output_h: 0, output_w: 0 },

  shape({ x, indices }, attrs) {
    if (indices.some((d, i) => d !== x[i])) {
      throw badShape(`max-unpool2d: indices ${formatShape(indices)} needs the shape of x ${formatShape(x)}`);
    }
    const least = { kernel: 1, stride: 0, padding: 0 } as const;
    for (const name of ["kernel", "stride", "padding"] as const) {
      if (!pair(attrs[name]).every((v) => Number.isInteger(v) && v >= least[name])) {
        throw badShape(
          `max-unpool2d: ${name} ${JSON.stringify(attrs[name])} needs whole numbers of at least ${least[name]}`,
        );
      }
    }
    const axis = (i: 0 | 1, wanted: number): number => {
      const kernel = pair(attrs.kernel)[i];
      const stride = pair(attrs.stride)[i] || kernel;
      const padding = pair(attrs.padding)[i];
      const what = i === 0 ? "rows" : "columns";
      const size = ((x[2 + i] as number) - 1) * stride - 2 * padding + kernel;
      // Pooling rounds down: sizes less than a stride apart pool to the same size.
      if (wanted !== 0 && !(Number.isInteger(wanted) && wanted > size - stride && wanted < size + stride)) {
        const range = `${Math.max(1, size - stride + 1)} to ${size + stride - 1}`;
        throw badShape(`max-unpool2d: x ${formatShape(x)} needs ${range} output ${what}, got ${wanted}`);
      }
      const output = wanted || size;
      if (output < 1) {
        const window = `kernel ${kernel}, stride ${stride}, padding ${padding}`;
        throw badShape(`max-unpool2d: x ${formatShape(x)} with ${window} gives ${output} ${what}, needs at least 1`);
      }
      return output;
    };
    return { y: [x[0], x[1], axis(0, attrs.output_h), axis(1, attrs.output_w)] };
  },
  params: ({ in: { x }, out: { y } }) => ({
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    out_h: u32(y[2]),
    out_w: u32(y[3]),
    pixels: u32(y[0] * y[2] * y[3]),
  }),
  overrides: ({ in: { x }, attrs }) => ({
    CHANNELS: x[1],
    KERNEL_H: pair(attrs.kernel)[0],
    KERNEL_W: pair(attrs.kernel)[1],
    STRIDE_H: pair(attrs.stride)[0] || pair(attrs.kernel)[0],
    STRIDE_W: pair(attrs.stride)[1] || pair(attrs.kernel)[1],
    PAD_H: pair(attrs.padding)[0],
    PAD_W: pair(attrs.padding)[1],
  }),
  cost: ({ in: { x }, out: { y } }) => ({ flops: 0, bytes: 4 * (2 * sizeOf(x) + sizeOf(y)) }),
  variants: {
    // One thread, four channels of an output pixel: asks the windows that cover it.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
  },
});
