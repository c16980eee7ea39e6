/** The variants for software adapters: conv2d's. The gradient is a convolution of dy. */
import { EIGHT_LANES, FOUR_LANES, convLanes } from "../../src/kernel/conv-lanes.js";
import type { SubgroupTile } from "../../src/kernel/conv-lanes.js";
import { skipped } from "./problem.js";
import type { TransposedInputProblem } from "./problem.js";

const variantOf = (tile: SubgroupTile) =>
  convLanes(tile, {
    callOf: (problem: TransposedInputProblem) => ({
      x: problem.in.dy,
      weight: problem.in.weight,
      y: problem.out.dx,
      stride: problem.attrs.stride,
      padding: skipped(problem),
    }),
    serves: ({ attrs }) => attrs.groups === 1,
    operands: { x: "dy", y: "dx" },
  });

export const transposedInputLanes = {
  // Subgroups of four lanes (SwiftShader).
  "lanes-4": variantOf(FOUR_LANES),
  // Subgroups of eight lanes (lavapipe).
  "lanes-8": variantOf(EIGHT_LANES),
};
