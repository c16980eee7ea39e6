/**
 * What reading and writing PNG share: signature, colour types, header and the framing of chunks.
 * https://www.w3.org/TR/png-3/
 */

export const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;

export const COLOUR_TYPE = { grey: 0, rgb: 2, indexed: 3, greyAlpha: 4, rgba: 6 } as const;

interface ColourType {
  readonly samplesPerPixel: number;
  /** The bits that a sample may have. */
  readonly depths: readonly number[];
}

const COLOUR_TYPES: Readonly<Record<number, ColourType>> = {
  [COLOUR_TYPE.grey]: { samplesPerPixel: 1, depths: [1, 2, 4, 8, 16] },
  [COLOUR_TYPE.rgb]: { samplesPerPixel: 3, depths: [8, 16] },
  [COLOUR_TYPE.indexed]: { samplesPerPixel: 1, depths: [1, 2, 4, 8] },
  [COLOUR_TYPE.greyAlpha]: { samplesPerPixel: 2, depths: [8, 16] },
  [COLOUR_TYPE.rgba]: { samplesPerPixel: 4, depths: [8, 16] },
};

/** False for unknown colour types too. */
export const allowsDepth = (colourType: number, depth: number): boolean =>
  COLOUR_TYPES[colourType]?.depths.includes(depth) === true;

/** `colourType` must be one of COLOUR_TYPE. */
export const samplesPerPixel = (colourType: number): number => (COLOUR_TYPES[colourType] as ColourType).samplesPerPixel;

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  /** One of COLOUR_TYPE. */
  readonly colourType: number;
  readonly interlaced: boolean;
}

/** Bytes of the header chunk's data. */
export const HEADER_BYTES = 13;

/** CRC-32 as PNG's chunks have it (ISO 3309). Node's zlib has a fast one; browsers have none. */
export type Crc32 = (data: Uint8Array) => number;

/** A chunk of a file: length, type, data, checksum of type and data. */
export function chunk(type: string, data: Uint8Array, crc32: Crc32): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

function headerData({ width, height, depth, colourType, interlaced }: PngHeader): Uint8Array {
  const data = new Uint8Array(HEADER_BYTES);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  const [compression, filter] = [0, 0]; // PNG knows only one method of each
  data.set([depth, colourType, compression, filter, interlaced ? 1 : 0], 8);
  return data;
}

export interface PngContents {
  readonly header: PngHeader;
  /** R G B for each index. */
  readonly palette?: Uint8Array | undefined;
  /** Rows, each behind its filter byte, deflated. */
  readonly pixels: Uint8Array;
}

/** A PNG file in parts, for the caller to join. */
export function pngParts({ header, palette, pixels }: PngContents, crc32: Crc32): Uint8Array[] {
  return [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", headerData(header), crc32),
    ...(palette ? [chunk("PLTE", palette, crc32)] : []),
    chunk("IDAT", pixels, crc32),
    chunk("IEND", new Uint8Array(), crc32),
  ];
}

/** One byte a pixel as rows of pixel data. Each row starts with its filter: 0, none. */
export function unfilteredRows(values: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const pitch = width + 1;
  const rows = new Uint8Array(height * pitch);
  for (let y = 0; y < height; y++) rows.set(values.slice(y * width, (y + 1) * width), y * pitch + 1);
  return rows;
}
