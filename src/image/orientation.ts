/** Turns pictures as EXIF's Orientation says. It needs no Node. CIPA DC-008 (Exif 2.32), section 4.6.4. */
import type { PictureSize } from "./picture.js";

/** The tag of IFD0, and the type of its value. */
const ORIENTATION = 0x0112;
const SHORT = 3;
/** Bytes of a tag in an IFD. */
const ENTRY_BYTES = 12;
/** Bytes of a TIFF header: byte order, 42, and where IFD0 starts. */
const HEADER_BYTES = 8;
const LITTLE_ENDIAN = 0x4949;
const BIG_ENDIAN = 0x4d4d;

/** The orientation, 1 to 8, in a block of EXIF as a PNG's eXIf chunk holds it; 1 (upright) for anything unreadable. */
export function orientationOf(exif: Uint8Array | undefined): number {
  if (!exif || exif.length < HEADER_BYTES) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const order = view.getUint16(0);
  if (order !== LITTLE_ENDIAN && order !== BIG_ENDIAN) return 1;
  const isLittle = order === LITTLE_ENDIAN;
  const ifd = view.getUint32(4, isLittle);
  if (ifd + 2 > exif.length) return 1;
  const entries = view.getUint16(ifd, isLittle);
  for (let i = 0; i < entries; i++) {
    const at = ifd + 2 + i * ENTRY_BYTES;
    if (at + ENTRY_BYTES > exif.length) return 1;
    if (view.getUint16(at, isLittle) !== ORIENTATION || view.getUint16(at + 2, isLittle) !== SHORT) continue;
    const value = view.getUint16(at + 8, isLittle);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

export interface Turned extends PictureSize {
  readonly data: Uint8Array;
}

/** From 5 on, stored rows are shown as columns. */
const isSideways = (orientation: number): boolean => orientation >= 5;
/** Orientations whose first stored row is shown at the bottom (or, sideways, at the right), and first column alike. */
const LAST_ROW_FIRST: readonly number[] = [3, 4, 6, 7];
const LAST_COLUMN_FIRST: readonly number[] = [2, 3, 7, 8];

/** The upright picture. `data` has `bytes` bytes a pixel. */
export function turned(picture: Turned, bytes: number, orientation: number): Turned {
  if (orientation === 1) return picture;
  const { width, height, data } = picture;
  const size = isSideways(orientation) ? { width: height, height: width } : { width, height };
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const row = LAST_ROW_FIRST.includes(orientation) ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const column = LAST_COLUMN_FIRST.includes(orientation) ? width - 1 - x : x;
      const target = isSideways(orientation) ? column * size.width + row : row * size.width + column;
      const from = (y * width + x) * bytes;
      for (let b = 0; b < bytes; b++) out[target * bytes + b] = data[from + b] as number;
    }
  }
  return { ...size, data: out };
}
