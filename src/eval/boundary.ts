/**
 * Boundary IoU in a trimap band: only pixels close to a border of the true label map count. There the strides 32, 16 and 8
 * differ; over whole pictures the insides of large objects hide it. Krähenbühl & Koltun, https://arxiv.org/abs/1210.5644,
 * section 5 ("trimap"); not the Boundary IoU of https://arxiv.org/abs/2103.16562, which erodes each mask on its own.
 *
 * A border pixel has a 4-neighbour of another label; void (255) counts as a label, so that the band lies on both sides of the
 * void borders of PASCAL VOC. The band is every pixel at most `width - 1` rows and columns from a border pixel.
 */
import { FcnError } from "../errors.js";
import { VOID_LABEL } from "../image/palette.js";

/** Pixels on each side of a border. The trimap plots of the papers go from 1 to 20 or 40. */
export const BOUNDARY_WIDTH = 5;

/**
 * The true labels inside the band and void outside it, ready for `ConfusionMatrix.add`.
 * @param truth labels, row by row, of a picture of `columns` x `rows`
 * @throws bad-shape, bad-option
 */
export function trimap(truth: ArrayLike<number>, columns: number, rows: number, width = BOUNDARY_WIDTH): Uint8Array {
  if (truth.length !== columns * rows) throw new FcnError("bad-shape", `trimap: ${columns} x ${rows} needs ${columns * rows} labels, got ${truth.length}`);
  if (!Number.isInteger(width) || width < 1) throw new FcnError("bad-option", `trimap: the width of the band is a whole number of 1 or more, got ${width}`);
  const border = new Uint8Array(truth.length);
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, i++) {
      const label = truth[i];
      if (x > 0 && truth[i - 1] !== label) border[i - 1] = border[i] = 1;
      if (y > 0 && truth[i - columns] !== label) border[i - columns] = border[i] = 1;
    }
  }
  // A square grows as two lines, one after the other; each in linear time, however wide the band.
  for (let y = 0; y < rows; y++) grow(border, y * columns, 1, columns, width - 1);
  for (let x = 0; x < columns; x++) grow(border, x, columns, rows, width - 1);
  const inside = new Uint8Array(truth.length);
  for (let i = 0; i < inside.length; i++) inside[i] = border[i] ? (truth[i] as number) : VOID_LABEL;
  return inside;
}

/** Along one line, sets everything within `reach` of what was set. */
function grow(cells: Uint8Array, start: number, step: number, count: number, reach: number): void {
  if (reach === 0) return;
  let from = 0; // what is not yet written
  for (let at = 0; at < count; at++) {
    if (cells[start + at * step] !== 1) continue;
    // Cells behind `at` are written now, those ahead are marked 2 so that they do not grow in turn.
    for (let i = Math.max(from, at - reach); i <= Math.min(count - 1, at + reach); i++) {
      if (cells[start + i * step] === 0) cells[start + i * step] = 2;
    }
    from = Math.min(count, at + reach + 1);
  }
  for (let i = 0; i < count; i++) if (cells[start + i * step] === 2) cells[start + i * step] = 1;
}
