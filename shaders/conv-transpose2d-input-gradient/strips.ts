/** The variant for software adapters where each channel comes from itself alone. */
import { channelBlocks } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { isPerChannel, skipped } from "./problem.js";
import type { TransposedInputProblem } from "./problem.js";

/** Pixels of a thread. */
const STRIP = 4;

const stripsOf = ({ out: { dx } }: TransposedInputProblem): number => dx[0] * dx[2] * ceilDiv(dx[3], STRIP);

/** Whether a column of dy serves two pixels of dx at most. */
const overlapsOnce = ({ in: { weight }, attrs }: TransposedInputProblem): boolean =>
  (weight[3] as number) <= 2 * pair(attrs.stride)[1];

export const strips = {
  wgsl: "strips",
  workgroup: [8, 1, 1] as const,
  packing: { weight: channelBlocks() },
  when: (problem: TransposedInputProblem): boolean => isPerChannel(problem) && overlapsOnce(problem),
  prefer: (_: TransposedInputProblem, device: DeviceTraits): boolean => device.software,
  params(problem: TransposedInputProblem) {
    const { dy, weight } = problem.in;
    const { dx } = problem.out;
    const { stride } = problem.attrs;
    return {
      x_h: u32(dx[2]),
      x_w: u32(dx[3]),
      y_h: u32(dy[2]),
      y_w: u32(dy[3]),
      strips: u32(stripsOf(problem)),
      blocks: u32(blocksOf(dx[1])),
      kernel_h: u32(weight[2] as number),
      kernel_w: u32(weight[3] as number),
      stride_h: u32(pair(stride)[0]),
      stride_w: u32(pair(stride)[1]),
      skip_h: u32(skipped(problem)[0]),
      skip_w: u32(skipped(problem)[1]),
    };
  },
  threads: (problem: TransposedInputProblem) => [stripsOf(problem) * blocksOf(problem.out.dx[1]), 1, 1] as const,
};
