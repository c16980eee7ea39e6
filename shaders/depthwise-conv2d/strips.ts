/** The variants for GPUs: a thread computes 2 rows of 4 pixels, so that it loads most values of x once for several. */
import { channelBlocks } from "../../src/kernel/packings.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf } from "../../src/kernel/shape.js";
import type { KernelVariant, Precision } from "../../src/kernel/variant.js";
import { suitsTiles, tileOverrides, tilesAlong, windowParams } from "./problem.js";
import type { DepthwiseProblem } from "./problem.js";

/** Rows and columns of a thread. */
const ROWS = 2;
const COLUMNS = 4;

function tilesOf(problem: DepthwiseProblem) {
  const down = tilesAlong(problem, 0, ROWS);
  const across = tilesAlong(problem, 1, COLUMNS);
  return { down, across, all: problem.in.x[0] * down * across };
}

export const stripsVariant = (precision: Precision): KernelVariant<DepthwiseProblem> => ({
  wgsl: precision === "f16" ? "strips-f16" : "strips",
  workgroup: [64, 1, 1],
  packing: { weight: channelBlocks() },
  when: suitsTiles,
  overrides: tileOverrides,
  params: (problem) => {
    const {
      in: { x },
      out: { y },
    } = problem;
    const { down, across, all } = tilesOf(problem);
    return {
      in_h: u32(x[2]),
      in_w: u32(x[3]),
      out_h: u32(y[2]),
      out_w: u32(y[3]),
      blocks: u32(blocksOf(x[1])),
      tiles_h: u32(down),
      tiles_w: u32(across),
      tiles: u32(all),
      ...windowParams(problem),
    };
  },
  threads: (problem) => [tilesOf(problem).all * blocksOf(problem.in.x[1]), 1, 1],
  ...(precision === "f16" && { precision, layouts: { x: "nhwc4-f16", y: "nhwc4-f16" } }),
});
