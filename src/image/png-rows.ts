/**
 * The fast path for the common PNG (8 bits a sample, not interlaced): pixel data to samples, samples to RGBA. pngjs
 * reads these files too, at five times the cost: it inflates the data again and copies each pixel several times.
 * https://www.w3.org/TR/png-3/#9Filters
 */
import { COLOUR_TYPE, samplesPerPixel } from "./png-format.js";

/** The filter byte before each row says how the row was stored. */
const FILTER = { none: 0, sub: 1, up: 2, average: 3, paeth: 4 } as const;

/**
 * Samples row after row, without the filter bytes.
 * @param raw inflated pixel data: `rows` times a filter byte and `rowBytes` bytes
 * @param step bytes of a pixel
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
      throw new RangeError(`Unrecognised filter type - ${filter}`);
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

/** Samples of any colour type as RGBA. @throws RangeError when an index is beyond the palette */
export function samplesToRgba(
  samples: Uint8Array,
  pixels: number,
  colourType: number,
  palette: Uint8Array,
): Uint8Array {
  switch (colourType) {
    case COLOUR_TYPE.rgb:
      return fromRgb(samples, pixels);
    case COLOUR_TYPE.indexed:
      return fromIndices(samples, pixels, palette);
    case COLOUR_TYPE.rgba: {
      const out = new Uint8Array(pixels * 4);
      out.set(samples);
      return out;
    }
    default:
      return fromGrey(samples, pixels, samplesPerPixel(colourType));
  }
}

const opaque = (pixels: number): Uint8Array => new Uint8Array(pixels * 4).fill(255);

function fromRgb(samples: Uint8Array, pixels: number): Uint8Array {
  const out = opaque(pixels);
  for (let i = 0; i < pixels; i++) {
    const from = i * 3;
    const to = i * 4;
    out[to] = samples[from] as number;
    out[to + 1] = samples[from + 1] as number;
    out[to + 2] = samples[from + 2] as number;
  }
  return out;
}

function fromIndices(samples: Uint8Array, pixels: number, palette: Uint8Array): Uint8Array {
  const out = opaque(pixels);
  let to = 0;
  for (let i = 0; i < pixels; i++) {
    const from = (samples[i] as number) * 3;
    if (from + 2 >= palette.length) {
      const colours = Math.floor(palette.length / 3);
      throw new RangeError(`pixel ${i} has index ${from / 3}, the palette has ${colours} colours`);
    }
    out[to] = palette[from] as number;
    out[to + 1] = palette[from + 1] as number;
    out[to + 2] = palette[from + 2] as number;
    to += 4;
  }
  return out;
}

/** Grey, or grey and alpha when a pixel has two samples. */
function fromGrey(samples: Uint8Array, pixels: number, step: number): Uint8Array {
  const out = opaque(pixels);
  for (let i = 0; i < pixels; i++) {
    const from = i * step;
    const to = i * 4;
    out.fill(samples[from] as number, to, to + 3);
    if (step === 2) out[to + 3] = samples[from + 1] as number;
  }
  return out;
}
