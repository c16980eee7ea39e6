/**
 * A graph that runs in bands: where a picture is too large for its device, each section of the graph runs on some rows
 * (or columns) at a time. Labels are those of the whole graph, bit for bit. Weights and pipelines are shared by all
 * bands, and memory grows with the width of the picture, not with its height.
 */
import { FcnError, badShape, isTooLarge } from "../../base/errors.js";
import { release } from "../../gpu/allocations.js";
import type { Device } from "../../gpu/device.js";
import { BUFFER } from "../../gpu/flags.js";
import type { LayoutName } from "../../kernel/layout.js";
import { loadWeights } from "../bind.js";
import { compile } from "../compile.js";
import type { Graph, Value } from "../graph.js";
import type { PlanInputs } from "../inputs.js";
import { lower } from "../lower.js";
import type { Step } from "../lower.js";
import type { Owned } from "../memory.js";
import type { HostResult, PlanOptions } from "../plan-options.js";
import type { WeightStore } from "../weight-store.js";
import { BandRun } from "./band-run.js";
import type { BandParts, HostInput } from "./band-run.js";
import { bandGraph } from "./band-graph.js";
import type { WholeChoice } from "./band-graph.js";
import type { BandDivision } from "./divide.js";
import { KeptMap, cellLayout } from "./kept-map.js";
import { SectionPlan } from "./section-plan.js";
import type { SectionParts } from "./section-plan.js";
import { largestSlabs, sharedSlabs } from "./shared-arena.js";

/** An error about memory with what is too large, and the cure. */
export type Refused = (error: FcnError) => Promise<FcnError>;

interface BandedParts extends BandParts {
  readonly device: Device;
  readonly refused: Refused;
  readonly owned: Owned;
  readonly bytes: number;
}

export class BandedPlan {
  readonly device: Device;
  /** What runs for a band of every section, in order. */
  readonly steps: readonly Step[];
  /** Bytes of GPU memory: bands of all sections, and what is kept between them. Weights belong to the model. */
  readonly bytes: number;
  /** Bands of all sections. */
  readonly bands: number;
  readonly #parts: BandedParts;
  #lastRun: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(parts: BandedParts) {
    this.device = parts.device;
    this.steps = parts.sections.flatMap(({ steps }) => steps);
    this.bytes = parts.bytes;
    this.bands = parts.schedule.bands.length;
    this.#parts = parts;
  }

  /**
   * Compiles pipelines, loads weights and allocates memory.
   * @throws bad-option, bad-weights, limit-too-small, out-of-memory, gpu-error, device-lost, the signal's reason
   */
  static async create(
    whole: WholeChoice & { readonly device: Device },
    graph: Graph,
    division: BandDivision,
    store: WeightStore,
    { onPipeline, signal, refused }: PlanOptions & { readonly refused: Refused },
  ): Promise<BandedPlan> {
    const { device } = whole;
    device.check();
    const layouts = new Map<Value, LayoutName>();
    for (const { value, layout } of graph.inputs.values()) layouts.set(value, layout);
    // Called again where a variant turns out not to compile, which another then replaces.
    const lowerBands = () =>
      division.sections.map((section) => {
        const own = bandGraph(division.grid, section, layouts, whole);
        return { section, graph: own, lowered: lower(own.graph, device, own.pick, whole.precision) };
      });
    const given = new Set([...graph.outputs.values()].map(({ value }) => value));
    const prepared: SectionParts[] = [];
    for (const { section, graph: own, ...compiled } of await compile(device, lowerBands, onPipeline)) {
      const weights = await loadWeights(compiled.lowered.steps, store, signal);
      const isRead = section.outputs.some((value) => given.has(value));
      prepared.push({ device, axis: division.grid.axis, nodes: section.nodes, graph: own, compiled, weights, isRead });
    }
    signal?.throwIfAborted();
    const owned: Owned = [];
    try {
      return await device.scoped(
        "plan",
        () => new BandedPlan({ ...memoryOf(device, graph, division, prepared, layouts, owned), refused }),
      );
    } catch (error) {
      for (const resource of owned) resource.destroy();
      throw error;
    }
  }

  /**
   * Runs once and brings the outputs to the host, in turn with other runs. `inputs` are bytes in the layout that the
   * graph declares. An abort ends the run between two bands.
   * @throws bad-shape when an input does not fit; out-of-memory where the host has no room for the outputs; disposed,
   * device-lost, gpu-error, the signal's reason
   */
  run(inputs: PlanInputs, signal?: AbortSignal): Promise<HostResult> {
    if (this.#disposed) return Promise.reject(new FcnError("disposed", "this plan was disposed; make a new one"));
    const result = this.#lastRun.then(async () => {
      signal?.throwIfAborted();
      this.device.check();
      return (await this.#newRun(inputs)).run(signal);
    });
    this.#lastRun = result.catch(() => undefined);
    return result;
  }

  async #newRun(inputs: PlanInputs): Promise<BandRun> {
    try {
      return new BandRun(this.#parts, this.#hostInputs(inputs));
    } catch (error) {
      throw isTooLarge(error) ? await this.#parts.refused(error) : error;
    }
  }

  #hostInputs(inputs: PlanInputs): Map<Value, HostInput> {
    const found = new Map<Value, HostInput>();
    for (const [name, { value, layout }] of this.#parts.graph.inputs) {
      const given = inputs[name];
      const { lines, cellBytes } = cellLayout(layout, value.shape, this.#parts.division.grid.axis);
      const cells = value.shape[2 + this.#parts.division.grid.axis] as number;
      const needed = lines * cellBytes * cells;
      if (!ArrayBuffer.isView(given) || given.byteLength !== needed)
        throw badShape(`plan: input "${name}" needs ${needed} bytes, got ${bytesIn(given)}`);
      const { buffer, byteOffset, byteLength } = given;
      found.set(value, { bytes: new Uint8Array(buffer, byteOffset, byteLength), lines, cellBytes, cells });
    }
    return found;
  }

  /** Frees the plan's memory when the runs in flight have ended. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#lastRun.then(() => this.#parts.owned.forEach((resource) => resource.destroy()));
  }
}

const bytesIn = (given: unknown): number | string => (ArrayBuffer.isView(given) ? given.byteLength : "none");

/** Creates the memory of all sections and of what is kept between them. */
function memoryOf(
  device: Device,
  graph: Graph,
  division: BandDivision,
  prepared: readonly SectionParts[],
  layouts: ReadonlyMap<Value, LayoutName>,
  owned: Owned,
): Omit<BandedParts, "refused"> {
  const { schedule, grid } = division;
  const { maxBufferSize } = device.limits;
  let sharedBytes = 0;
  const create = (label: string, size: number, usage: number): GPUBuffer => {
    const buffer = device.allocations.buffer({ label, size, usage: usage | BUFFER.COPY_SRC });
    owned.push({ destroy: () => release(buffer) });
    sharedBytes += size;
    return buffer;
  };
  const slabsOf = prepared.map(({ compiled }) => sharedSlabs(compiled.lowered, maxBufferSize));
  const arena = largestSlabs(slabsOf).map((bytes, i) => create(`arena ${i}`, bytes, BUFFER.STORAGE));
  const sections = prepared.map((parts, i) => new SectionPlan(parts, owned, arena.slice(0, slabsOf[i]?.length)));
  const kept = new Map<Value, KeptMap>();
  for (const [value, cells] of schedule.kept) {
    const layout = cellLayout(layouts.get(value) as LayoutName, value.shape, grid.axis);
    kept.set(value, new KeptMap(layout, cells, maxBufferSize, (bytes) => create("kept rows", bytes, BUFFER.COPY_DST)));
  }
  const bytes = sections.reduce((sum, section) => sum + section.bytes, sharedBytes);
  return { device, graph, division, schedule, sections, kept, owned, bytes };
}
