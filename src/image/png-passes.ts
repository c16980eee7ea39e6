/** Where the rows of a PNG's pixel data lie: all rows in order, or Adam7's seven passes. It needs no Node. */
import { samplesPerPixel } from "./png-format.js";
import type { PngHeader } from "./png-format.js";

/** A reduced picture inside the pixel data. https://www.w3.org/TR/png-3/#8Interlace */
export interface Pass {
  /** Column and row of its first pixel in the whole picture. */
  readonly x: number;
  readonly y: number;
  /** Columns and rows from one of its pixels to the next in the whole picture. */
  readonly dx: number;
  readonly dy: number;
  /** Its own size in pixels; 0 x 0 or more. */
  readonly columns: number;
  readonly rows: number;
  /** Bytes of a row, without the filter byte. */
  readonly rowBytes: number;
}

const WHOLE = [{ x: 0, y: 0, dx: 1, dy: 1 }] as const;

const ADAM7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
] as const;

/** The passes that have pixels, in the order of the pixel data. */
export function passesOf({ width, height, depth, colourType, interlaced }: PngHeader): Pass[] {
  const bitsPerPixel = depth * samplesPerPixel(colourType);
  const passes = (interlaced ? ADAM7 : WHOLE).map((pass) => {
    const columns = Math.ceil((width - pass.x) / pass.dx);
    const rows = Math.ceil((height - pass.y) / pass.dy);
    return { ...pass, columns, rows, rowBytes: Math.ceil((columns * bitsPerPixel) / 8) };
  });
  return passes.filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Bytes of the inflated pixel data: every row with its filter byte. */
export const rawLengthOf = (header: PngHeader): number =>
  passesOf(header).reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
