/** The variants for software adapters: conv2d's, with a window of 1x1. */
import { EIGHT_LANES, FOUR_LANES, convLanes } from "../../src/kernel/conv-lanes.js";
import type { SubgroupTile } from "../../src/kernel/conv-lanes.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";

export interface ProjectProblem {
  readonly in: { readonly x: Nchw; readonly weight: Shape; readonly bias: Shape | undefined };
  readonly out: { readonly y: Nchw };
}

const variantOf = (tile: SubgroupTile) =>
  convLanes(tile, { callOf: (problem: ProjectProblem) => ({ ...problem.in, ...problem.out }) });

export const projectLanes = {
  // Subgroups of four lanes (SwiftShader).
  "lanes-4": variantOf(FOUR_LANES),
  // Subgroups of eight lanes (lavapipe).
  "lanes-8": variantOf(EIGHT_LANES),
};
