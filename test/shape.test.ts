/** Size arithmetic: PyTorch's formulas and their inverses, compared with counting windows one by one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxPool2d } from "../shaders/max-pool2d/kernel.js";
import { isFcnError } from "../src/base/errors.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import {
  alignUp,
  ceilDiv,
  convInputSizes,
  convOutputSize,
  convTransposeOutputSize,
  elements,
  formatShape,
  poolOutputSize,
} from "../src/kernel/shape.js";

const windows = fc.record({
  kernel: fc.integer({ min: 1, max: 9 }),
  stride: fc.integer({ min: 1, max: 5 }),
  padding: fc.integer({ min: 0, max: 6 }),
  dilation: fc.integer({ min: 1, max: 4 }),
});
const sizes = fc.integer({ min: 1, max: 400 });

function badShapeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isFcnError(error, "bad-shape")) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("convOutputSize", () => {
  it("gives ceil(in / 2) for ResNet's stem, its pool and every layer of stride 2", () => {
    for (let size = 1; size <= 300; size++) {
      expect(convOutputSize(size, { kernel: 7, stride: 2, padding: 3 })).toBe(Math.ceil(size / 2));
      expect(convOutputSize(size, { kernel: 3, stride: 2, padding: 1 })).toBe(Math.ceil(size / 2));
      expect(convOutputSize(size, { kernel: 1, stride: 2 })).toBe(Math.ceil(size / 2));
      expect(convOutputSize(size, { kernel: 3, padding: 4, dilation: 4 })).toBe(size);
    }
  });

  it("counts the windows that fit", () => {
    fc.assert(
      fc.property(sizes, windows, (input, window) => {
        const reach = window.dilation * (window.kernel - 1) + 1;
        fc.pre(input + 2 * window.padding >= reach);
        let count = 0;
        for (let start = 0; start + reach <= input + 2 * window.padding; start += window.stride) count++;
        expect(convOutputSize(input, window)).toBe(count);
      }),
    );
  });

  it("refuses windows that do not fit, with the numbers", () => {
    expect(badShapeOf(() => convOutputSize(5, { kernel: 4, dilation: 2 }))).toMatch(
      /window of 7 \(kernel 4, dilation 2\).*in 5 \+ 2 \* 0/,
    );
    expect(convOutputSize(5, { kernel: 3, dilation: 2 })).toBe(1);
  });

  it.each([
    { kernel: 0 },
    { kernel: 1.5 },
    { kernel: 3, stride: 0 },
    { kernel: 3, padding: -1 },
    { kernel: 3, dilation: 0 },
    { kernel: NaN },
  ])("refuses %o", (window) => {
    for (const size of [convOutputSize, poolOutputSize, convInputSizes, convTransposeOutputSize]) {
      expect(badShapeOf(() => size(8, window))).toMatch(/must be whole numbers/);
    }
  });

  it.each([0, -1, 2.5, NaN, Infinity])("refuses size %d", (size) => {
    for (const f of [convOutputSize, poolOutputSize, convTransposeOutputSize]) {
      expect(badShapeOf(() => f(size, { kernel: 1 }))).toMatch(/input size .* is not a positive whole number/);
    }
    expect(badShapeOf(() => convInputSizes(size, { kernel: 1 }))).toMatch(
      /output size .* is not a positive whole number/,
    );
  });
});

describe("poolOutputSize", () => {
  it("equals the convolution's without ceilMode; with it, 2x2 pools give ceil(in / 2)", () => {
    for (let size = 2; size <= 100; size++) {
      expect(poolOutputSize(size, { kernel: 2, stride: 2 })).toBe(Math.floor(size / 2));
      expect(poolOutputSize(size, { kernel: 2, stride: 2, ceilMode: true })).toBe(Math.ceil(size / 2));
    }
  });

  it("with ceilMode counts every window that starts inside the input or its near padding", () => {
    fc.assert(
      fc.property(sizes, windows, (input, window) => {
        const { kernel, stride, padding, dilation } = window;
        const reach = dilation * (kernel - 1) + 1;
        fc.pre(2 * padding <= kernel && input + 2 * padding >= reach);
        let count = 1;
        // A window more while rows are left uncovered and the next window starts before the far padding.
        while ((count - 1) * stride + reach < input + 2 * padding && count * stride < input + padding) count++;
        expect(poolOutputSize(input, { ...window, ceilMode: true })).toBe(count);
      }),
    );
  });

  it("with ceilMode takes a window that is larger than the padded input, as max-pool2d and PyTorch do", () => {
    // torch.nn.functional.max_pool2d(torch.zeros(1, 1, 2, 2), 3, 2, ceil_mode=True).shape is [1, 1, 1, 1].
    expect(poolOutputSize(2, { kernel: 3, stride: 2, ceilMode: true })).toBe(1);
    expect(badShapeOf(() => poolOutputSize(2, { kernel: 3, stride: 2 }))).toMatch(/^convolution: a window of 3/);
    expect(badShapeOf(() => poolOutputSize(2, { kernel: 4, stride: 2, ceilMode: true }))).toBe(
      "pooling: a window of 4 does not fit in 2 + 2 * 0 of padding, nor does it with 1 more",
    );
  });

  it("agrees with max-pool2d on every window, which one takes and the other refuses included", () => {
    const outcomeOf = (size: () => number | undefined): number | string | undefined => {
      try {
        return size();
      } catch (error) {
        return isFcnError(error) ? error.code : String(error);
      }
    };
    fc.assert(
      fc.property(sizes, windows, fc.boolean(), (input, window, ceilMode) => {
        const attrs = { ...window, ceil_mode: ceilMode };
        const x = { x: [1, 1, input, input] };
        const ofKernel = outcomeOf(() => makeProblem(erase(maxPool2d), x, attrs).out["y"]?.[2]);
        expect(outcomeOf(() => poolOutputSize(input, { ...window, ceilMode }))).toBe(ofKernel);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses padding above half the kernel", () => {
    expect(badShapeOf(() => poolOutputSize(8, { kernel: 3, padding: 2 }))).toBe(
      "pooling: padding 2 is more than half of kernel 3",
    );
  });
});

describe("convInputSizes", () => {
  it("gives exactly the range of inputs that have the output", () => {
    fc.assert(
      fc.property(sizes, windows, (input, window) => {
        fc.pre(input + 2 * window.padding >= window.dilation * (window.kernel - 1) + 1);
        const output = convOutputSize(input, window);
        const { min, max } = convInputSizes(output, window);
        expect(min).toBeLessThanOrEqual(input);
        expect(max).toBeGreaterThanOrEqual(input);
        for (const inside of [min, max]) expect(convOutputSize(inside, window)).toBe(output);
        expect(convOutputSize(max + 1, window)).toBe(output + 1);
        if (output > 1 && min > 1) expect(convOutputSize(min - 1, window)).toBe(output - 1);
      }),
    );
  });

  it("refuses an output that no input has", () => {
    expect(badShapeOf(() => convInputSizes(1, { kernel: 1, padding: 1 }))).toMatch(/no input has output 1/);
  });
});

describe("convTransposeOutputSize", () => {
  it("with output_padding 0..stride-1 undoes the convolution for each of its inputs", () => {
    fc.assert(
      fc.property(sizes, windows, (input, window) => {
        fc.pre(input + 2 * window.padding >= window.dilation * (window.kernel - 1) + 1);
        const output = convOutputSize(input, window);
        const smallest = (output - 1) * window.stride - 2 * window.padding + window.dilation * (window.kernel - 1) + 1;
        expect(convTransposeOutputSize(output, { ...window, outputPadding: input - smallest })).toBe(input);
      }),
    );
  });

  it("gives the decoder's sizes: n * s for kernel 2s and padding s/2, n * s + s without padding", () => {
    for (const s of [2, 8, 16, 32])
      expect(convTransposeOutputSize(16, { kernel: 2 * s, stride: s, padding: s / 2 })).toBe(16 * s);
    expect(convTransposeOutputSize(16, { kernel: 64, stride: 32 })).toBe(544);
  });

  it("bounds output_padding by max(stride, dilation), as PyTorch does", () => {
    expect(convTransposeOutputSize(4, { kernel: 3, stride: 1, dilation: 3, outputPadding: 2 })).toBe(12);
    for (const outputPadding of [2, -1, 0.5]) {
      expect(badShapeOf(() => convTransposeOutputSize(4, { kernel: 3, stride: 2, outputPadding }))).toMatch(
        /below max\(stride 2, dilation 1\)/,
      );
    }
  });

  it("refuses an empty output, with the numbers", () => {
    expect(badShapeOf(() => convTransposeOutputSize(1, { kernel: 2, stride: 2, padding: 1 }))).toMatch(/size 0/);
  });
});

it("does small arithmetic", () => {
  expect([elements([]), elements([2, 3, 4]), elements([5, 0])]).toEqual([1, 24, 0]);
  expect([formatShape([]), formatShape([1, 3, 512, 512])]).toEqual(["[]", "[1,3,512,512]"]);
  expect([ceilDiv(0, 4), ceilDiv(8, 4), ceilDiv(9, 4)]).toEqual([0, 2, 3]);
  expect([alignUp(0, 256), alignUp(256, 256), alignUp(257, 256)]).toEqual([0, 256, 512]);
});
