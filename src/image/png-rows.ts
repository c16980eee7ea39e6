/** Undoes the row filters of PNG's pixel data. https://www.w3.org/TR/png-3/#9Filters */

/** The filter byte before each row says how the row was stored. */
const FILTER = { none: 0, sub: 1, up: 2, average: 3, paeth: 4 } as const;

/**
 * Rows without the filter bytes.
 * @param raw inflated pixel data: `rows` times a filter byte and `rowBytes` bytes
 * @param step bytes of a pixel; 1 for pixels of less than a byte
 * @throws RangeError for an unknown filter
 */
export function unfilter(raw: Uint8Array, rowBytes: number, rows: number, step: number): Uint8Array {
  const out = new Uint8Array(rowBytes * rows);
  let above: Uint8Array = new Uint8Array(rowBytes); // the row before the first counts as zeros
  for (let y = 0; y < rows; y++) {
    const from = y * (rowBytes + 1);
    const row = out.subarray(y * rowBytes, (y + 1) * rowBytes);
    row.set(raw.subarray(from + 1, from + 1 + rowBytes));
    unfilterRow(raw[from] as number, row, above, step);
    above = row;
  }
  return out;
}

/** Adds to each byte what the filter predicts. Sums wrap around at 256, as bytes do. */
function unfilterRow(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  switch (filter) {
    case FILTER.none:
      return;
    case FILTER.sub:
      for (let i = step; i < row.length; i++) row[i] = (row[i] as number) + (row[i - step] as number);
      return;
    case FILTER.up:
      for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) + (above[i] as number);
      return;
    case FILTER.average:
      for (let i = 0; i < row.length; i++) {
        const left = i < step ? 0 : (row[i - step] as number);
        row[i] = (row[i] as number) + ((left + (above[i] as number)) >> 1);
      }
      return;
    case FILTER.paeth:
      return unfilterPaeth(row, above, step);
    default:
      throw new RangeError(`a row has the filter ${filter}, PNG has 0 to 4`);
  }
}

/** Predicts by the neighbour (left, above, above left) that is nearest to left + above - aboveLeft. */
function unfilterPaeth(row: Uint8Array, above: Uint8Array, step: number): void {
  // The first pixel has no left neighbours, and the one above is always nearest.
  for (let i = 0; i < Math.min(step, row.length); i++) row[i] = (row[i] as number) + (above[i] as number);
  for (let i = step; i < row.length; i++) {
    const left = row[i - step] as number;
    const up = above[i] as number;
    const upLeft = above[i - step] as number;
    const toLeft = Math.abs(up - upLeft);
    const toUp = Math.abs(left - upLeft);
    const toUpLeft = Math.abs(left + up - upLeft - upLeft);
    let prediction = upLeft;
    if (toLeft <= toUp && toLeft <= toUpLeft) prediction = left;
    else if (toUp <= toUpLeft) prediction = up;
    row[i] = (row[i] as number) + prediction;
  }
}
