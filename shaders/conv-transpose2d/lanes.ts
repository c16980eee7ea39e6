/** The variants for software adapters: conv2d's, with the stride's positions as phases. */
import { EIGHT_LANES, FOUR_LANES, convLanes } from "../../src/kernel/conv-lanes.js";
import type { SubgroupTile } from "../../src/kernel/conv-lanes.js";
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import { isUndilated } from "../../src/kernel/window.js";

interface TransposeProblem {
  readonly in: {
    readonly x: Nchw;
    readonly weight: Shape;
    readonly bias: Shape | undefined;
    readonly residual: Nchw | undefined;
  };
  readonly out: { readonly y: Nchw };
  readonly attrs: {
    readonly stride: Pair;
    readonly padding: Pair;
    readonly dilation: Pair;
    readonly groups: number;
    readonly crop_offset: Pair;
  };
}

/** Rows and columns of the uncropped result that lie above and left of y: padding plus crop. */
function skippedBy({ padding, crop_offset }: TransposeProblem["attrs"]): Pair {
  const [[padH, padW], [top, left]] = [pair(padding), pair(crop_offset)];
  return [padH + top, padW + left];
}

const variantOf = (tile: SubgroupTile) =>
  convLanes(tile, {
    callOf: ({ in: inputs, out, attrs }: TransposeProblem) => ({
      ...inputs,
      ...out,
      stride: attrs.stride,
      padding: skippedBy(attrs),
      transposed: true,
    }),
    serves: ({ attrs }) => attrs.groups === 1 && isUndilated(attrs.dilation),
    order: "in-out",
  });

export const transposeLanesVariants = {
  // Subgroups of four lanes (SwiftShader).
  "lanes-4": variantOf(FOUR_LANES),
  // Subgroups of eight lanes (lavapipe).
  "lanes-8": variantOf(EIGHT_LANES),
};
