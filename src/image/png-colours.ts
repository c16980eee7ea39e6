/** Samples of any colour type and depth as RGBA of 8 bits. It needs no Node. https://www.w3.org/TR/png-3/#13 */
import type { PngFile } from "./png-chunks.js";
import { COLOUR_TYPE } from "./png-format.js";
import type { Samples } from "./png-samples.js";

type Colours = Pick<PngFile, "header" | "palette" | "transparency">;

/**
 * Four bytes a pixel. Samples of other depths are scaled to 8 bits and rounded; tRNS becomes alpha.
 * @throws RangeError when an index is beyond the palette
 */
export function samplesToRgba(samples: Samples, colours: Colours): Uint8Array {
  const { width, height, depth, colourType } = colours.header;
  const pixels = width * height;
  switch (colourType) {
    case COLOUR_TYPE.rgb:
      return fromRgb(samples, pixels, depth, transparentColour(colours));
    case COLOUR_TYPE.indexed:
      return fromIndices(samples, pixels, colours);
    case COLOUR_TYPE.rgba:
      return scaledToBytes(samples, depth);
    case COLOUR_TYPE.greyAlpha:
      return fromGreyAlpha(scaledToBytes(samples, depth), pixels);
    default:
      return fromGrey(samples, pixels, depth, transparentColour(colours)[0]);
  }
}

const BYTE = 255;

/** The byte of a sample of this depth, rounded. */
const byteScale = (depth: number): number => BYTE / (2 ** depth - 1);

function scaledToBytes(samples: Samples, depth: number): Uint8Array {
  if (samples instanceof Uint8Array) return samples; // forms that come here have 8 or 16 bits
  const scale = byteScale(depth);
  const out = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = Math.round((samples[i] as number) * scale);
  return out;
}

/** The samples of the colour that is transparent. Only the low bits of tRNS's 16 count; empty without tRNS. */
function transparentColour({ header: { depth }, transparency = new Uint8Array() }: Colours): readonly number[] {
  const mask = 2 ** depth - 1;
  const samples: number[] = [];
  for (let i = 0; i + 1 < transparency.length; i += 2)
    samples.push((((transparency[i] as number) << 8) | (transparency[i + 1] as number)) & mask);
  return samples;
}

const opaque = (pixels: number): Uint8Array => new Uint8Array(pixels * 4).fill(BYTE);

function fromRgb(samples: Samples, pixels: number, depth: number, transparent: readonly number[]): Uint8Array {
  const [red, green, blue] = transparent;
  const scale = byteScale(depth);
  const out = opaque(pixels);
  for (let i = 0; i < pixels; i++) {
    const from = i * 3;
    const to = i * 4;
    const r = samples[from] as number;
    const g = samples[from + 1] as number;
    const b = samples[from + 2] as number;
    out[to] = Math.round(r * scale);
    out[to + 1] = Math.round(g * scale);
    out[to + 2] = Math.round(b * scale);
    if (r === red && g === green && b === blue) out[to + 3] = 0;
  }
  return out;
}

function fromGrey(samples: Samples, pixels: number, depth: number, transparent: number | undefined): Uint8Array {
  const scale = byteScale(depth);
  const out = opaque(pixels);
  for (let i = 0; i < pixels; i++) {
    const grey = samples[i] as number;
    const to = i * 4;
    const byte = Math.round(grey * scale);
    out[to] = byte;
    out[to + 1] = byte;
    out[to + 2] = byte;
    if (grey === transparent) out[to + 3] = 0;
  }
  return out;
}

function fromGreyAlpha(samples: Uint8Array, pixels: number): Uint8Array {
  const out = new Uint8Array(pixels * 4);
  for (let i = 0; i < pixels; i++) {
    const grey = samples[i * 2] as number;
    const to = i * 4;
    out[to] = grey;
    out[to + 1] = grey;
    out[to + 2] = grey;
    out[to + 3] = samples[i * 2 + 1] as number;
  }
  return out;
}

function fromIndices(samples: Samples, pixels: number, { palette, transparency }: Colours): Uint8Array {
  const out = opaque(pixels);
  let to = 0;
  for (let i = 0; i < pixels; i++) {
    const index = samples[i] as number;
    const from = index * 3;
    if (from + 2 >= palette.length)
      throw new RangeError(`pixel ${i} has index ${index}, the palette has ${palette.length / 3} colours`);
    out[to] = palette[from] as number;
    out[to + 1] = palette[from + 1] as number;
    out[to + 2] = palette[from + 2] as number;
    out[to + 3] = transparency?.[index] ?? BYTE;
    to += 4;
  }
  return out;
}
