/** How much memory a band of a section takes: which maps live at once, and whether each fits the device. */
import { blocksOf } from "../../kernel/shape.js";
import { fitsTexture } from "../../kernel/texture.js";
import type { DeviceTraits, Precision } from "../../kernel/variant.js";
import type { Node, Value } from "../graph.js";
import type { BandExtent } from "./extents.js";
import { extentOf, takesHalves, withExtent } from "./grid.js";
import type { Grid, GridNode } from "./grid.js";
import type { Section } from "./section.js";

/** What bands must fit. */
export interface BandLimits {
  readonly device: DeviceTraits;
  readonly precision: Precision;
  /** Bytes of the values that live at once in a band. */
  readonly budget: number;
  /** Whether maps must fit the textures of software adapters. */
  readonly inTextures: boolean;
  /** Pixels of the picture in a band, along the axis, where the caller names them. */
  readonly tile: number | undefined;
}

/** Bytes of four channels of a pixel. */
const BLOCK_BYTES = { f32: 16, f16: 8 } as const;

interface SizedValue {
  readonly value: Value;
  /** Cells in the whole. */
  readonly whole: number;
  readonly cellBytes: number;
  /** Labels are bytes, and lie in no texture. */
  readonly isLabels: boolean;
}

/** Bytes of a value in so many cells, in blocks of four channels. Labels and pictures have fewer. */
export function bytesOfCells(value: Value, { axis, views, halves }: Grid, cells: number, precision: Precision): number {
  const [n, c, h, w] = withExtent(value.shape, axis, 1);
  const isHalf = precision === "f16" && halves.has(views.get(value)?.of ?? value);
  return n * h * w * blocksOf(c) * BLOCK_BYTES[isHalf ? "f16" : "f32"] * cells;
}

/** What a call reads as f32 though others store it as f16: a plan of precision f16 copies it. */
export function copiedReads({ views, halves }: Grid, { node, reads }: GridNode): Value[] {
  const floats = reads.filter(({ key }) => !takesHalves(node.kernel, key)).map(({ value }) => value);
  return floats.filter((value) => halves.has(views.get(value)?.of ?? value));
}

/** What a call makes of labels. */
const labelsOf = ({ kernel, outputs }: Node): Value[] =>
  Object.entries(outputs).flatMap(([key, value]) => (kernel.outputs[key]?.layout === "u8" ? [value] : []));

/** Bytes that a map may have. */
export function largestBinding({ limits }: DeviceTraits): number {
  const { maxStorageBufferBindingSize = Infinity, maxBufferSize = Infinity } = limits;
  return Math.min(maxStorageBufferBindingSize, maxBufferSize);
}

interface SizedCall {
  readonly made: readonly SizedValue[];
  readonly copied: readonly SizedValue[];
  /** Not read after it. */
  readonly dead: readonly SizedValue[];
}

export class BandMemory {
  readonly #grid: Grid;
  readonly #inputs: readonly SizedValue[];
  readonly #calls: readonly SizedCall[];

  constructor(grid: Grid, section: Section, precision: Precision) {
    const labels = new Set(section.nodes.flatMap(({ node }) => labelsOf(node)));
    const copyOf = (value: Value): SizedValue => {
      return { ...sizeOf(value), cellBytes: bytesOfCells(value, grid, 1, "f32") };
    };
    const sized = new Map<Value, SizedValue>();
    const sizeOf = (value: Value): SizedValue => {
      const known = sized.get(value);
      if (known) return known;
      const whole = extentOf(value, grid.axis);
      const isLabels = labels.has(value);
      const bytes = bytesOfCells(value, grid, 1, precision);
      const own = { value, whole, cellBytes: isLabels ? bytes / BLOCK_BYTES.f32 : bytes, isLabels };
      sized.set(value, own);
      return own;
    };
    const lastUse = new Map<Value, number>();
    section.nodes.forEach(({ reads }, i) => reads.forEach(({ value }) => lastUse.set(value, i)));
    for (const value of section.outputs) lastUse.delete(value);
    this.#grid = grid;
    this.#inputs = section.inputs.map(sizeOf);
    this.#calls = section.nodes.map((call, i) => ({
      made: Object.values(call.node.outputs).map(sizeOf),
      copied: precision === "f16" ? copiedReads(grid, call).map(copyOf) : [],
      dead: [...new Set(call.reads.map(({ value }) => value))].filter((value) => lastUse.get(value) === i).map(sizeOf),
    }));
  }

  /** Whether the values of a band fit the device, and the budget together. */
  fits(extents: ReadonlyMap<Value, BandExtent>, { device, budget, inTextures }: BandLimits): boolean {
    const most = largestBinding(device);
    const cellsOf = ({ value, whole }: SizedValue): number => extents.get(value)?.cells ?? whole;
    const bytesOf = (own: SizedValue): number => own.cellBytes * cellsOf(own);
    const isHeld = (own: SizedValue): boolean => {
      const shape = withExtent(own.value.shape, this.#grid.axis, cellsOf(own));
      return bytesOf(own) <= most && (own.isLabels || !inTextures || fitsTexture(shape));
    };
    let live = this.#inputs.reduce((sum, own) => sum + bytesOf(own), 0);
    if (!this.#inputs.every((own) => bytesOf(own) <= most)) return false;
    for (const { made, copied, dead } of this.#calls) {
      if (!made.every(isHeld) || !copied.every((own) => bytesOf(own) <= most)) return false;
      live = made.reduce((sum, own) => sum + bytesOf(own), live);
      if (copied.reduce((sum, own) => sum + bytesOf(own), live) > budget) return false;
      live = dead.reduce((sum, own) => sum - bytesOf(own), live);
    }
    return true;
  }
}
