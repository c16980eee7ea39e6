/**
 * The pixel data of the common PNG, 8 bits a sample and not interlaced, to samples and to RGBA. pngjs does these too, at five
 * times the cost: it inflates once more and copies each pixel several times. https://www.w3.org/TR/png-3/#9Filters
 */

/** Samples row after row, without the filter bytes. `step` is the bytes of a pixel. @throws RangeError for an unknown filter */
export function unfilter(raw: Uint8Array, rowBytes: number, rows: number, step: number): Uint8Array {
  const out = new Uint8Array(rowBytes * rows);
  let up: Uint8Array = new Uint8Array(rowBytes); // the row before the first is zeros
  for (let y = 0; y < rows; y++) {
    const from = y * (rowBytes + 1);
    const row = out.subarray(y * rowBytes, (y + 1) * rowBytes);
    row.set(raw.subarray(from + 1, from + 1 + rowBytes));
    undo(raw[from] as number, row, up, step);
    up = row;
  }
  return out;
}

function undo(filter: number, row: Uint8Array, up: Uint8Array, step: number): void {
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = step; i < row.length; i++) row[i] = (row[i] as number) + (row[i - step] as number);
      return;
    case 2:
      for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) + (up[i] as number);
      return;
    case 3:
      for (let i = 0; i < row.length; i++)
        row[i] = (row[i] as number) + (((i < step ? 0 : (row[i - step] as number)) + (up[i] as number)) >> 1);
      return;
    case 4:
      for (let i = 0; i < Math.min(step, row.length); i++) row[i] = (row[i] as number) + (up[i] as number);
      for (let i = step, j = 0; i < row.length; i++, j++) {
        const a = row[j] as number;
        const b = up[i] as number;
        const c = up[j] as number;
        const pa = Math.abs(b - c);
        const pb = Math.abs(a - c);
        const pc = Math.abs(a + b - c - c);
        row[i] = (row[i] as number) + (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
      }
      return;
    default:
      throw new RangeError(`Unrecognised filter type - ${filter}`);
  }
}

/** Samples of a colour type to RGBA. @throws RangeError when an index is beyond the palette */
export function toRgbaSamples(
  samples: Uint8Array,
  pixels: number,
  colourType: number,
  palette: Uint8Array,
): Uint8Array {
  const out = new Uint8Array(pixels * 4).fill(255);
  switch (colourType) {
    case 2:
      for (let i = 0, from = 0, to = 0; i < pixels; i++, from += 3, to += 4) {
        out[to] = samples[from] as number;
        out[to + 1] = samples[from + 1] as number;
        out[to + 2] = samples[from + 2] as number;
      }
      return out;
    case 3:
      for (let i = 0, to = 0; i < pixels; i++, to += 4) {
        const from = (samples[i] as number) * 3;
        if (from + 2 >= palette.length)
          throw new RangeError(
            `pixel ${i} has index ${from / 3}, the palette has ${Math.floor(palette.length / 3)} colours`,
          );
        out[to] = palette[from] as number;
        out[to + 1] = palette[from + 1] as number;
        out[to + 2] = palette[from + 2] as number;
      }
      return out;
    case 6:
      out.set(samples);
      return out;
    default: {
      const step = SAMPLES[colourType] as number;
      for (let i = 0, from = 0, to = 0; i < pixels; i++, from += step, to += 4) {
        out.fill(samples[from] as number, to, to + 3);
        if (step === 2) out[to + 3] = samples[from + 1] as number;
      }
      return out;
    }
  }
}

/** Samples a pixel, by colour type. */
export const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
