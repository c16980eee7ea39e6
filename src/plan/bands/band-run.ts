/** One run of a plan in bands. */
import { FcnError } from "../../base/errors.js";
import type { Device } from "../../gpu/device.js";
import type { Memory } from "../../gpu/memory.js";
import { layoutNamed, sizeOf } from "../../kernel/layout.js";
import type { BaseLayoutName, HostArray } from "../../kernel/layout.js";
import type { Axis } from "../../kernel/window.js";
import type { Graph, Value } from "../graph.js";
import type { HostResult } from "../plan-options.js";
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
  readonly layout: "u8" | "u32" | "nchw";
  readonly values: HostArray;
}

export class BandRun {
  readonly #parts: BandParts;
  readonly #inputs: ReadonlyMap<Value, HostInput>;
  readonly #outputs: ReadonlyMap<Value, HostOutput>;
  readonly #timings = { upload: 0, encode: 0, gpu: 0, readback: 0 };
  /** Bands that the GPU works on, the oldest first. */
  readonly #inFlight: Promise<void>[] = [];

  /** @throws out-of-memory where the host has no room for the outputs */
  constructor(parts: BandParts, inputs: ReadonlyMap<Value, HostInput>) {
    this.#parts = parts;
    this.#inputs = inputs;
    this.#outputs = hostOutputs(parts);
  }

  async run(signal: AbortSignal | undefined): Promise<HostResult> {
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

  /** What is read back meanwhile counts as that. */
  async #waited(band: Promise<void> | undefined): Promise<void> {
    const start = performance.now();
    const before = this.#timings.readback;
    await band;
    this.#timings.gpu += performance.now() - start - (this.#timings.readback - before);
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
    const given = band.makes.filter(({ value }) => this.#outputs.has(value));
    const values = given.map(({ value }) => value);
    section.encodeReads(encoder, values, slot);
    device.gpu.queue.submit([encoder.finish()]);
    this.#timings.upload += uploaded - start;
    this.#timings.encode += performance.now() - uploaded;
    if (given.length === 0) return device.settle(device.gpu.queue.onSubmittedWorkDone()).then(() => undefined);
    const madeOf = new Map(given.map((made) => [made.value, made]));
    return section.read(values, slot, (value, copy) => this.#take(madeOf.get(value) as MadeCells, copy));
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
  #take({ value, start, from, to }: MadeCells, copy: () => BandValues): void {
    const before = performance.now();
    const { values, shape } = copy();
    const { axis } = this.#parts.division.grid;
    const output = this.#outputs.get(value) as HostOutput;
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

  #results(): HostResult["outputs"] {
    const outputs = [...this.#parts.graph.outputs].map(([name, { value }]) => {
      const { values, layout } = this.#outputs.get(value) as HostOutput;
      return [name, { bytes: values.buffer as ArrayBuffer, shape: value.shape, layout }] as const;
    });
    return new Map(outputs);
  }
}

/** Room for all outputs. @throws out-of-memory; gpu-error for an output that no section makes, which is a bug */
function hostOutputs({ graph, division, sections }: BandParts): Map<Value, HostOutput> {
  const found = new Map<Value, HostOutput>();
  for (const [name, { value }] of graph.outputs) {
    const maker = division.sections.findIndex(({ outputs }) => outputs.includes(value));
    const section = sections[maker];
    if (!section) throw new FcnError("gpu-error", `the bands give no output "${name}"`);
    found.set(value, hostOutput(name, value, section.layoutOf(value)));
  }
  return found;
}

const ARRAYS = { u8: Uint8Array, u32: Uint32Array, nchw: Float32Array } as const;

/** Labels as they are, other values in the order of their shape. @throws out-of-memory */
function hostOutput(name: string, { shape }: Value, ofBand: BaseLayoutName): HostOutput {
  const { dtype } = layoutNamed(ofBand);
  const layout = dtype === "u8" || dtype === "u32" ? dtype : "nchw";
  const bytes = sizeOf(shape) * ARRAYS[layout].BYTES_PER_ELEMENT;
  try {
    return { layout, values: new ARRAYS[layout](new ArrayBuffer(bytes)) };
  } catch (cause) {
    const what = `its output "${name}" takes ${bytes} bytes, and no array of that size can be made here`;
    throw new FcnError("out-of-memory", what, { cause });
  }
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
