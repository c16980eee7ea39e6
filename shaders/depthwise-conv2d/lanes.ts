/**
 * The variant for software adapters, between textures. Its threads go down long columns, so that few rows of x are
 * loaded twice. It asks for no subgroups, so it runs with any number of lanes.
 */
import { channelBlockTexels, channelBlocks } from "../../src/kernel/packings.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import { fitsTexture, fitsWeights, textureColumns } from "../../src/kernel/texture.js";
import type { KernelVariant } from "../../src/kernel/variant.js";
import { advanceParams, chainLength, epilogueOverrides, suitsTiles, tilesAlong, windowParams } from "./problem.js";
import type { DepthwiseProblem } from "./problem.js";

/** Columns of a thread. */
const COLUMNS = 4;
/** Threads that a call should have at least. With more work than that, a thread gets more rows, within the bounds. */
const THREADS = 512;
const LEAST_ROWS = 8;
const MOST_ROWS = 48;

const planesOf = ({ in: { x } }: DepthwiseProblem): number => x[0] * blocksOf(x[1]);

/** Rows of a thread, of equal shares of the picture. */
function rowsOf(problem: DepthwiseProblem): number {
  const rows = chainLength(problem, 0);
  const threadsPerRow = planesOf(problem) * tilesAlong(problem, 1, COLUMNS);
  const wanted = Math.floor((rows * threadsPerRow) / THREADS);
  const most = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, wanted));
  return ceilDiv(rows, ceilDiv(rows, most));
}

export const depthwiseLanes: KernelVariant<DepthwiseProblem> = {
  wgsl: "lanes",
  ahead: true,
  workgroup: [8, 1, 1],
  layouts: { x: "tex4", y: "tex4" },
  packing: { weight: channelBlocks("texture") },
  when: (problem, { software }) => {
    const { x, weight } = problem.in;
    const fits = fitsTexture(x) && fitsTexture(problem.out.y) && fitsWeights(channelBlockTexels(weight));
    return software && fits && suitsTiles(problem);
  },
  overrides: (problem) => ({ KERNEL: problem.in.weight[2] as number, ...epilogueOverrides(problem) }),
  params: (problem) => {
    const {
      in: { x },
      out: { y },
    } = problem;
    const rows = rowsOf(problem);
    return {
      in_h: u32(x[2]),
      in_w: u32(x[3]),
      in_columns: u32(textureColumns(x)),
      out_h: u32(y[2]),
      out_w: u32(y[3]),
      out_columns: u32(textureColumns(y)),
      blocks: u32(blocksOf(x[1])),
      planes: u32(planesOf(problem)),
      rows: u32(rows),
      tiles_h: u32(tilesAlong(problem, 0, rows)),
      tiles_w: u32(tilesAlong(problem, 1, COLUMNS)),
      ...windowParams(problem),
      ...advanceParams(problem),
    };
  },
  threads: (problem) => [
    planesOf(problem) * tilesAlong(problem, 0, rowsOf(problem)) * tilesAlong(problem, 1, COLUMNS),
    1,
    1,
  ],
};
