/**
 * What is kept of a map between sections: a ring of its rows (or columns) in GPU memory. It holds the rows that a later
 * section still reads; where one reads the map as a whole, that is all of them. Only copies touch it, so it may be
 * larger than a binding.
 */
import { layoutNamed } from "../../kernel/layout.js";
import type { LayoutName } from "../../kernel/layout.js";
import type { Nchw } from "../../kernel/shape.js";
import type { Axis } from "../../kernel/window.js";
import { withExtent } from "./grid.js";

/** How the cells of a map lie in memory: in lines, one after the other. */
export interface CellLayout {
  /** 1 where a cell is a row: rows follow each other. The rows, where a cell is a column. */
  readonly lines: number;
  /** Bytes of a cell in a line. */
  readonly cellBytes: number;
}

export function cellLayout(layout: LayoutName, shape: Nchw, axis: Axis): CellLayout {
  const lines = axis === 0 ? 1 : shape[2];
  return { lines, cellBytes: layoutNamed(layout).byteSize(withExtent(shape, axis, 1)) / lines };
}

/** Cells of a band's tensor in a buffer. */
export interface BandCells {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  /** Cells of the tensor. */
  readonly cells: number;
}

/** A range of cells. */
export interface CellRange {
  readonly from: number;
  readonly to: number;
}

interface Run {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  readonly ofBand: number;
  readonly ofMap: number;
}

export class KeptMap {
  readonly layout: CellLayout;
  readonly #pieces: readonly GPUBuffer[];
  readonly #capacity: number;
  readonly #pieceCells: number;

  /** `create` makes a buffer of so many bytes. */
  constructor(layout: CellLayout, capacity: number, maxBufferSize: number, create: (bytes: number) => GPUBuffer) {
    const bytes = layout.lines * layout.cellBytes;
    this.layout = layout;
    this.#capacity = capacity;
    this.#pieceCells = Math.min(capacity, Math.floor(maxBufferSize / bytes));
    const count = Math.ceil(capacity / this.#pieceCells);
    this.#pieces = Array.from({ length: count }, (_, i) =>
      create(bytes * Math.min(this.#pieceCells, capacity - i * this.#pieceCells)),
    );
  }

  /** Copies the cells `range` of the map into a band that begins at cell `start` of it. */
  read(encoder: GPUCommandEncoder, band: BandCells, start: number, range: CellRange): void {
    for (const { buffer, bytes, ofBand, ofMap } of this.#runs(band, start, range))
      encoder.copyBufferToBuffer(buffer, ofMap, band.buffer, ofBand, bytes);
  }

  /** Copies the cells `range` of the map out of a band that begins at cell `start` of it. */
  write(encoder: GPUCommandEncoder, band: BandCells, start: number, range: CellRange): void {
    for (const { buffer, bytes, ofBand, ofMap } of this.#runs(band, start, range))
      encoder.copyBufferToBuffer(band.buffer, ofBand, buffer, ofMap, bytes);
  }

  /** The pieces of memory that follow each other in both. */
  *#runs({ offset, cells }: BandCells, start: number, { from, to }: CellRange): Generator<Run> {
    const { lines, cellBytes } = this.layout;
    for (let cell = from; cell < to;) {
      const inRing = cell % this.#capacity;
      const piece = Math.floor(inRing / this.#pieceCells);
      const first = inRing - piece * this.#pieceCells;
      const ofPiece = Math.min(this.#pieceCells, this.#capacity - piece * this.#pieceCells);
      const count = Math.min(to - cell, ofPiece - first);
      for (let line = 0; line < lines; line++) {
        yield {
          buffer: this.#pieces[piece] as GPUBuffer,
          bytes: count * cellBytes,
          ofBand: offset + (line * cells + cell - start) * cellBytes,
          ofMap: (line * ofPiece + first) * cellBytes,
        };
      }
      cell += count;
    }
  }
}
