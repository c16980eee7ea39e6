/** gather-cells in float64, as a scatter: every row of a cell gives its sums to the four nodes around it. */
import { cellsOf, origins } from "../../src/kernel/cells.js";
import type { BilinearGeometry } from "../../src/kernel/cells.js";
import type { Reference } from "../../src/kernel/registry.js";

interface GatherAttrs extends BilinearGeometry {
  readonly height: number;
  readonly width: number;
}

export const gatherCellsReference: Reference<GatherAttrs> = ({ sums }, attrs) => {
  if (!sums) throw new Error("gather-cells needs sums");
  const { height, width, stride } = attrs;
  const [n, channels, rows, doubled] = sums.shape as [number, number, number, number];
  const { first } = cellsOf(attrs, 1);
  const [top] = origins(attrs);
  const data = new Float64Array(n * channels * height * width);
  for (let from = 0; from < sums.data.length; from++) {
    const side = from % 2; // 0: the node on the left
    const column = Math.floor((from % doubled) / 2) + first - 1 + side;
    const plane = Math.floor(from / (doubled * rows));
    const place = 2 * (Math.floor(from / doubled) % rows) + top;
    const upper = Math.floor(place / (2 * stride)) - 1;
    const fy = (place % (2 * stride)) / (2 * stride);
    for (const [row, weight] of [
      [upper, 1 - fy],
      [upper + 1, fy],
    ] as const) {
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      const at = (plane * height + row) * width + column;
      data[at] = (data[at] as number) + weight * (sums.data[from] as number);
    }
  }
  return { gradient: { shape: [n, channels, height, width], data } };
};
