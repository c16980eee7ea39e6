/** How many parts a weight's gradient is computed in. */
import { describe, expect, it } from "vitest";
import { transposedWeightSplits } from "../../shaders/conv-transpose2d-weight-gradient/splits.js";
import { weightGradientSplits } from "../../shaders/conv2d-weight-gradient/splits.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";

const GPU: DeviceTraits = {
  features: new Set(),
  limits: {},
  vendor: "",
  architecture: "",
  subgroupSize: 32,
  software: false,
  cores: 132,
};
const SOFTWARE: DeviceTraits = { ...GPU, subgroupSize: 8, software: true, cores: 1 };

const window = { kernel: 1, stride: 1, padding: 0, dilation: 1, splits: 1 };

describe("weightGradientSplits", () => {
  it("gives every core of a GPU work, where the weight is small", () => {
    const small = { in: { x: [1, 64, 112, 112], dy: [1, 64, 112, 112] }, attrs: window } as const;
    // One tile of 64 x 64; 12,544 pixels are 98 times 128.
    expect(weightGradientSplits(small, GPU)).toBe(98);
    const large = { in: { x: [8, 512, 56, 56], dy: [8, 512, 56, 56] }, attrs: window } as const;
    // 64 tiles: 528 / 64 rounded up.
    expect(weightGradientSplits(large, GPU)).toBe(9);
  });

  it("is 1 where there are few pixels, or enough workgroups", () => {
    const few = { in: { x: [1, 64, 7, 7], dy: [1, 64, 7, 7] }, attrs: window } as const;
    expect(weightGradientSplits(few, GPU)).toBe(1);
    const wide = { in: { x: [1, 256, 56, 56], dy: [1, 64, 56, 56] }, attrs: window } as const;
    expect(weightGradientSplits(wide, SOFTWARE)).toBe(1);
  });
});

describe("transposedWeightSplits", () => {
  it("counts pixels of x and columns of dy", () => {
    const attrs = { kernel: 4, stride: 2, padding: 1, groups: 1, crop_offset: 0, splits: 1 };
    const problem = { in: { x: [4, 21, 24, 32], dy: [4, 21, 48, 64] }, attrs } as const;
    // 12 tiles of 32 x 32 for 6 blocks and 96 columns; 3,072 pixels are 24 times 128.
    expect(transposedWeightSplits(problem, GPU)).toBe(24);
    // 12 workgroups of 8 columns, one row of 8 blocks.
    expect(transposedWeightSplits(problem, SOFTWARE)).toBe(2);
  });
});
