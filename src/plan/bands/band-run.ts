/** One run of a plan in bands. */
import { FcnError } from "../../base/errors.js";
import type { Device } from "../../gpu/device.js";
import type { Memory } from "../../gpu/memory.js";
import { layouts } from "../../kernel/layout.js";
import type { BaseLayoutName, HostArray } from "../../kernel/layout.js";
import { elements } from "../../kernel/shape.js";
import type { Axis } from "../../kernel/window.js";
import type { Graph, Value } from "../graph.js";
import type { PlanResult } from "../plan-options.js";
import type { BandDivision } from "./divide.js";
import { extentOf } from "./grid.js";
import type { CellLayout, KeptMap } from "./kept-map.js";
import type { MadeCells, ReadCells, Schedule, ScheduledBand } from "./schedule.js";
import { BANDS_IN_FLIGHT } from "./section-plan.js";
import type { BandValues, SectionPlan } from "./section-plan.js";

export interface BandParts {
  readonly device: Device;
  readonly graph: Graph;
  readonly division: BandDivision;
  readonly schedule: Schedule;
  readonly sections: readonly SectionPlan[];
  readonly kept: ReadonlyMap<Value, KeptMap>;
}

/** Bytes of the caller's. */
export interface HostInput extends CellLayout {
  readonly bytes: Uint8Array;
  readonly cells: number;
}

/** An output as it is put together. */
interface HostOutput {
  readonly layout: BaseLayoutName;
  readonly values: HostArray;
  memory: Memory | undefined;
}

export class BandRun {
  readonly #parts: BandParts;
  readonly #inputs: ReadonlyMap<Value, HostInput>;
  readonly #outputs = new Map<Value, HostOutput>();
  readonly #timings = { upload: 0, encode: 0, gpu: 0, readback: 0 };
  /** Bands that the GPU works on, the oldest first. */
  readonly #inFlight: Promise<void>[] = [];
  readonly #given: ReadonlySet<Value>;

  constructor(parts: BandParts, inputs: ReadonlyMap<Value, HostInput>) {
    this.#parts = parts;
    this.#inputs = inputs;
    this.#given = new Set([...parts.graph.outputs.values()].map(({ value }) => value));
  }

  async run(signal: AbortSignal | undefined): Promise<PlanResult> {
    const { bands } = this.#parts.schedule;
    try {
      for (const [i, band] of bands.entries()) {
        if (this.#inFlight.length === BANDS_IN_FLIGHT) await this.#waited(this.#inFlight.shift());
        signal?.throwIfAborted();
        const running = this.#submit(band, i % BANDS_IN_FLIGHT);
        running.catch(() => undefined); // waited() reports it in its turn
        this.#inFlight.push(running);
      }
      for (const oldest of this.#inFlight.splice(0)) await this.#waited(oldest);
    } finally {
      await Promise.allSettled(this.#inFlight);
    }
    return { outputs: this.#results(), timings: { ...this.#timings, bands: bands.length } };
  }

  async #waited(band: Promise<void> | undefined): Promise<void> {
    const start = performance.now();
    await band;
    this.#timings.gpu += performance.now() - start;
  }

  /** Hands a band to the GPU. Resolves when its outputs are on the host, or when it is done. */
  #submit(band: ScheduledBand, slot: number): Promise<void> {
    const { device } = this.#parts;
    const section = this.#parts.sections[band.section] as SectionPlan;
    const start = performance.now();
    for (const read of band.reads) this.#upload(section, read);
    section.moveTo(band.origin, band.reads[0]?.start ?? 0);
    const uploaded = performance.now();
    const encoder = device.gpu.createCommandEncoder();
    for (const read of band.reads) this.#copyIn(encoder, section, read);
    section.encode(encoder);
    for (const { value, start: from, ...range } of band.makes)
      this.#parts.kept.get(value)?.write(encoder, section.cellsOf(value), from, range);
    const given = band.makes.filter(({ value }) => this.#given.has(value));
    const values = given.map(({ value }) => value);
    section.encodeReads(encoder, values, slot);
    device.gpu.queue.submit([encoder.finish()]);
    this.#timings.upload += uploaded - start;
    this.#timings.encode += performance.now() - uploaded;
    if (given.length === 0) return device.settle(device.gpu.queue.onSubmittedWorkDone()).then(() => undefined);
    const madeOf = new Map(given.map((made) => [made.value, made]));
    return section.read(values, slot, (value, own) => this.#take(madeOf.get(value) as MadeCells, own));
  }

  /** Cells of the caller's bytes. */
  #upload(section: SectionPlan, { value, source, start, cells }: ReadCells): void {
    const input = this.#inputs.get(source);
    if (!input) return;
    const { bytes, lines, cellBytes } = input;
    const memory = section.inputOf(value) as Extract<Memory, { kind: "buffer" }>;
    const { queue } = this.#parts.device.gpu;
    const whole = input.cells * cellBytes;
    const part = cells * cellBytes;
    if (lines === 1) {
      queue.writeBuffer(memory.buffer, memory.offset, bytes, start * cellBytes, part);
      return;
    }
    const gathered = new Uint8Array(lines * part);
    for (let line = 0; line < lines; line++) {
      const from = line * whole + start * cellBytes;
      gathered.set(bytes.subarray(from, from + part), line * part);
    }
    queue.writeBuffer(memory.buffer, memory.offset, gathered);
  }

  /** Cells of a kept map, and zeros where the band reaches outside a map that has zeros around it. */
  #copyIn(encoder: GPUCommandEncoder, section: SectionPlan, { value, source, start, cells }: ReadCells): void {
    const map = this.#parts.kept.get(source);
    if (!map) return;
    const from = Math.max(0, start);
    const to = Math.min(start + cells, extentOf(source, this.#parts.division.grid.axis));
    const target = section.cellsOf(value);
    if (to - from < cells) {
      const { lines, cellBytes } = map.layout;
      encoder.clearBuffer(target.buffer, target.offset, lines * cells * cellBytes);
    }
    map.read(encoder, target, start, { from, to });
  }

  /** Puts the new cells of an output in their place. */
  #take({ value, start, from, to }: MadeCells, { values, shape, memory }: BandValues): void {
    const before = performance.now();
    const { axis } = this.#parts.division.grid;
    const output = this.#outputs.get(value) ?? hostOutput(value, values);
    this.#outputs.set(value, output);
    output.memory = memory;
    const [, channels, height, width] = value.shape;
    const [, , bandHeight, bandWidth] = shape;
    for (let channel = 0; channel < channels; channel++) {
      const target = channel * height * width;
      const origin = channel * bandHeight * bandWidth;
      for (const [at, own, count] of linesOf(axis, { start, from, to, width, bandWidth, height }))
        output.values.set(values.subarray(origin + own, origin + own + count), target + at);
    }
    this.#timings.readback += performance.now() - before;
  }

  #results(): PlanResult["outputs"] {
    const results = new Map<
      string,
      { bytes: ArrayBuffer; shape: Value["shape"]; layout: BaseLayoutName; memory: Memory }
    >();
    for (const [name, { value }] of this.#parts.graph.outputs) {
      const { values, layout, memory } = this.#outputs.get(value) ?? {};
      if (!values || !layout || !memory) throw new FcnError("gpu-error", `the bands gave no output "${name}"`);
      results.set(name, { bytes: values.buffer as ArrayBuffer, shape: value.shape, layout, memory });
    }
    return results;
  }
}

/** Labels as bytes, other values in the order of their shape. */
function hostOutput({ shape }: Value, { BYTES_PER_ELEMENT: bytes, constructor }: HostArray): HostOutput {
  const count = elements(shape);
  const layout = bytes === 1 ? "u8" : constructor === Uint32Array ? "u32" : "nchw";
  if (layout === "u8") return { layout, values: new Uint8Array(count), memory: undefined };
  if (layout === "u32") return { layout, values: new Uint32Array(count), memory: undefined };
  return { layout, values: new Float32Array(layouts.nchw.byteSize(shape) / 4), memory: undefined };
}

interface Lines extends Omit<MadeCells, "value"> {
  readonly width: number;
  readonly height: number;
  readonly bandWidth: number;
}

/** Where consecutive new values lie in a plane of the whole, and in one of the band. */
function* linesOf(
  axis: Axis,
  { start, from, to, width, bandWidth, height }: Lines,
): Generator<[number, number, number]> {
  if (axis === 0) {
    yield [from * width, (from - start) * width, (to - from) * width];
    return;
  }
  for (let row = 0; row < height; row++) yield [row * width + from, row * bandWidth + from - start, to - from];
}
