/**
 * Boundary IoU in a trimap band: only pixels close to a border of the true label map count. There the strides 32, 16 and 8
 * differ; over whole pictures the insides of large objects hide it. Krähenbühl & Koltun, https://arxiv.org/abs/1210.5644,
 * section 5 ("trimap"); not the Boundary IoU of https://arxiv.org/abs/2103.16562, which erodes each mask on its own.
 *
 * A border pixel has a 4-neighbour of another label; void (255) counts as a label, so that the band lies on both sides of the
 * void borders of PASCAL VOC. The band is every pixel at most `width - 1` rows and columns from a border pixel.
 */
import { FcnError } from "../base/errors.js";
import { VOID_LABEL } from "../image/palette.js";

/** Pixels on each side of a border. The trimap plots of the papers go from 1 to 20 or 40. */
export const BOUNDARY_WIDTH = 5;

/**
 * The true labels inside the band and void outside it, ready for `ConfusionMatrix.add`.
 * @param truth labels, row by row, of a picture of `columns` x `rows`
 * @throws bad-shape, bad-option
 */
export function trimap(truth: ArrayLike<number>, columns: number, rows: number, width = BOUNDARY_WIDTH): Uint8Array {
  if (truth.length !== columns * rows)
    throw new FcnError("bad-shape", `trimap: ${columns} x ${rows} needs ${columns * rows} labels, got ${truth.length}`);
  if (!Number.isInteger(width) || width < 1)
    throw new FcnError("bad-option", `trimap: the width of the band is a whole number of 1 or more, got ${width}`);
  const labels = truth instanceof Uint8Array ? truth : Array.from(truth);
  const border = borderOf(labels, columns, rows);
  const near = nearBorder(border, columns, rows, width - 1);
  const inside = new Uint8Array(labels.length);
  for (let i = 0; i < inside.length; i++) inside[i] = near[i] === 1 ? (labels[i] as number) : VOID_LABEL;
  return inside;
}

/** 1 where one of the 4 neighbours has another label. */
function borderOf(labels: ArrayLike<number>, columns: number, rows: number): Uint8Array {
  const border = new Uint8Array(labels.length);
  for (let y = 0, i = 0; y < rows; y++) {
    let left = labels[i];
    for (let x = 0; x < columns; x++, i++) {
      const label = labels[i];
      if (label !== left) border[i - 1] = border[i] = 1;
      left = label;
    }
  }
  for (let i = columns; i < labels.length; i++)
    if (labels[i] !== labels[i - columns]) border[i - columns] = border[i] = 1;
  return border;
}

/**
 * 1 within `reach` rows and columns of a border. A square grows as two lines, one after the other, each in linear time however
 * wide the band; both go along the rows, since memory read down the columns takes most of the time.
 */
function nearBorder(border: Uint8Array, columns: number, rows: number, reach: number): Uint8Array {
  if (reach === 0) return border;
  const wide = new Uint8Array(border.length);
  for (let y = 0; y < rows; y++) {
    const end = (y + 1) * columns;
    let until = end - columns; // what is not yet written
    for (let i = until; i < end; i++) {
      if (border[i] !== 1) continue;
      const to = Math.min(end, i + reach + 1);
      for (let k = Math.max(until, i - reach); k < to; k++) wide[k] = 1;
      until = to;
    }
  }
  // For each column the last row with a mark at or above, then the next one at or below.
  const near = new Uint8Array(border.length);
  const last = new Int32Array(columns).fill(-reach - 1);
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, i++) {
      if (wide[i] === 1) last[x] = y;
      if (y - (last[x] as number) <= reach) near[i] = 1;
    }
  }
  const next = new Int32Array(columns).fill(rows + reach);
  for (let y = rows - 1, i = border.length - 1; y >= 0; y--) {
    for (let x = columns - 1; x >= 0; x--, i--) {
      if (wide[i] === 1) next[x] = y;
      if ((next[x] as number) - y <= reach) near[i] = 1;
    }
  }
  return near;
}
