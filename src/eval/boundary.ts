/**
 * Boundary IoU in a trimap band: only pixels close to a border of the true label map count. There the strides 32, 16
 * and 8 differ; over whole pictures the insides of large objects hide it. Krähenbühl & Koltun,
 * https://arxiv.org/abs/1210.5644, section 5 ("trimap"). The Boundary IoU of https://arxiv.org/abs/2103.16562 is
 * another measure: it erodes each mask on its own.
 *
 * A border pixel has a 4-neighbour of another label. Void (255) counts as a label, so the band lies on both sides of
 * the void borders of PASCAL VOC. The band is every pixel at most `width - 1` rows and columns from a border pixel.
 */
import { badOption, badShape } from "../base/errors.js";
import { describeValue, typeName } from "../base/options.js";
import { VOID_LABEL } from "../image/palette.js";

/** Pixels on each side of a border. The trimap plots of the papers go from 1 to 20 or 40. */
export const BOUNDARY_WIDTH = 5;

/**
 * The true labels inside the band and void outside it, ready for `ConfusionMatrix.add`.
 * @param truth labels, row by row, of a picture of `columns` x `rows`
 * @param columns pixels of a row
 * @param rows rows of the picture
 * @param width pixels on each side of a border that stay
 * @throws bad-shape when the labels do not fit the size; bad-option when the width is not a whole number of 1 or more
 * @example
 * import { trimap } from "fcn-webgpu/eval";
 *
 * const truth = Uint8Array.of(0, 0, 0, 0, 7, 7, 7, 7);
 * console.log(trimap(truth, 8, 1, 2).join()); // prints 255,255,0,0,7,7,255,255
 */
export function trimap(truth: ArrayLike<number>, columns: number, rows: number, width = BOUNDARY_WIDTH): Uint8Array {
  if (!Array.isArray(truth) && !ArrayBuffer.isView(truth))
    throw badShape(`trimap: labels are an array of numbers, got ${typeName(truth)}`);
  if (![columns, rows].every((side) => Number.isInteger(side) && side >= 0))
    throw badShape(`trimap: ${describeValue(columns)} x ${describeValue(rows)} is no size of a picture`);
  if (truth.length !== columns * rows)
    throw badShape(`trimap: ${columns} x ${rows} needs ${columns * rows} labels, got ${truth.length}`);
  if (!Number.isInteger(width) || width < 1)
    throw badOption(`trimap: the width of the band is a whole number of 1 or more, got ${describeValue(width)}`);
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
  for (let y = 0; y < rows; y++) {
    const start = y * columns;
    let left = labels[start];
    for (let i = start; i < start + columns; i++) {
      const label = labels[i];
      if (label !== left) {
        border[i - 1] = 1;
        border[i] = 1;
      }
      left = label;
    }
  }
  for (let i = columns; i < labels.length; i++) {
    if (labels[i] !== labels[i - columns]) {
      border[i - columns] = 1;
      border[i] = 1;
    }
  }
  return border;
}

/**
 * 1 within `reach` rows and columns of a border. The square around a border pixel grows as two lines, first along the
 * row, then along the column; each takes linear time, however wide the band.
 */
function nearBorder(border: Uint8Array, columns: number, rows: number, reach: number): Uint8Array {
  if (reach === 0) return border;
  return spreadVertically(spreadHorizontally(border, columns, rows, reach), columns, rows, reach);
}

/** 1 within `reach` columns of a mark. */
function spreadHorizontally(marks: Uint8Array, columns: number, rows: number, reach: number): Uint8Array {
  const wide = new Uint8Array(marks.length);
  for (let y = 0; y < rows; y++) {
    const start = y * columns;
    const end = start + columns;
    let firstUnwritten = start;
    for (let i = start; i < end; i++) {
      if (marks[i] !== 1) continue;
      const to = Math.min(end, i + reach + 1);
      for (let k = Math.max(firstUnwritten, i - reach); k < to; k++) wide[k] = 1;
      firstUnwritten = to;
    }
  }
  return wide;
}

/** 1 within `reach` rows of a mark. Goes along the rows, because reading memory down the columns is far slower. */
function spreadVertically(marks: Uint8Array, columns: number, rows: number, reach: number): Uint8Array {
  const near = new Uint8Array(marks.length);
  const lastMark = new Int32Array(columns).fill(-reach - 1); // of each column, at or above row y
  for (let y = 0; y < rows; y++) {
    const start = y * columns;
    for (let x = 0; x < columns; x++) {
      if (marks[start + x] === 1) lastMark[x] = y;
      if (y - (lastMark[x] as number) <= reach) near[start + x] = 1;
    }
  }
  const nextMark = new Int32Array(columns).fill(rows + reach); // of each column, at or below row y
  for (let y = rows - 1; y >= 0; y--) {
    const start = y * columns;
    for (let x = 0; x < columns; x++) {
      if (marks[start + x] === 1) nextMark[x] = y;
      if ((nextMark[x] as number) - y <= reach) near[start + x] = 1;
    }
  }
  return near;
}
