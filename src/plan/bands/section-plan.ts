/** A section on a device: the pipelines, weights and memory of its bands. One plan serves all of them. */
import type { Device } from "../../gpu/device.js";
import { encodeDispatch, packParams } from "../../gpu/dispatch.js";
import type { Dispatch } from "../../gpu/dispatch.js";
import { MAP_MODE_READ } from "../../gpu/flags.js";
import { encodeCopy, readStaging } from "../../gpu/memory.js";
import type { Memory } from "../../gpu/memory.js";
import { layoutNamed } from "../../kernel/layout.js";
import type { BaseLayoutName, HostArray } from "../../kernel/layout.js";
import type { Nchw } from "../../kernel/shape.js";
import type { Axis } from "../../kernel/window.js";
import { dispatchesOf } from "../bind.js";
import type { loadWeights } from "../bind.js";
import type { Compiled } from "../compile.js";
import type { Value } from "../graph.js";
import type { Step } from "../lower.js";
import { PlanMemory } from "../memory.js";
import type { Owned, StagedOutput } from "../memory.js";
import type { BandGraph } from "./band-graph.js";
import type { GridNode } from "./grid.js";
import type { BandCells } from "./kept-map.js";
import { movedUniforms, positionsOf } from "./positions.js";
import type { CellPositions } from "./positions.js";

/** Bands in flight: the host reads one while the GPU works on the next. */
export const BANDS_IN_FLIGHT = 2;

/** What a section is made of. */
export interface SectionParts {
  readonly device: Device;
  readonly axis: Axis;
  readonly nodes: readonly GridNode[];
  readonly graph: BandGraph;
  readonly compiled: Compiled;
  readonly weights: Awaited<ReturnType<typeof loadWeights>>;
  /** Whether some of its outputs go to the host. */
  readonly isRead: boolean;
}

/** Values of an output on the host, [N, C, H, W] of the band. */
export interface BandValues {
  readonly values: HostArray;
  readonly shape: Nchw;
}

interface Positioned {
  readonly index: number;
  readonly step: Step;
  readonly positions: CellPositions;
}

export class SectionPlan {
  readonly #parts: SectionParts;
  readonly #memory: PlanMemory;
  readonly #dispatches: readonly Dispatch[];
  readonly #positioned: readonly Positioned[];

  /** Creates memory, which is noted in `owned`, besides the slabs of the arena in `shared`. */
  constructor(parts: SectionParts, owned: Owned, shared: readonly GPUBuffer[]) {
    const { device, compiled, weights, nodes, axis, isRead } = parts;
    this.#parts = parts;
    this.#memory = new PlanMemory(device, compiled.lowered, owned, isRead ? BANDS_IN_FLIGHT : 0, shared);
    this.#memory.zero();
    this.#dispatches = dispatchesOf(device, compiled, this.#memory, weights);
    const moved = nodes.filter(({ reads }) => reads.some(({ need }) => need === "positions"));
    this.#positioned = moved.map(({ node }) => {
      const index = compiled.lowered.steps.findIndex(
        ({ label, kernel }) => label === node.label && kernel === node.kernel,
      );
      return { index, step: compiled.lowered.steps[index] as Step, positions: positionsOf(node, axis) };
    });
  }

  /** Bytes of GPU memory. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  get steps(): readonly Step[] {
    return this.#parts.compiled.lowered.steps;
  }

  /** Memory of an input, for uploads. */
  inputOf(value: Value): Memory {
    const name = this.#parts.graph.inputNames.get(value) as string;
    return (this.#memory.inputs.get(name) as { memory: Memory }).memory;
  }

  #outputOf(value: Value): StagedOutput {
    return this.#memory.outputs.get(this.#parts.graph.outputNames.get(value) as string) as StagedOutput;
  }

  /** In which layout an output comes to the host. */
  layoutOf(value: Value): BaseLayoutName {
    return this.#outputOf(value).layout;
  }

  /** Where the cells of an input or an output lie. `cells` is the band's extent along the axis. */
  cellsOf(value: Value): BandCells {
    const isInput = this.#parts.graph.inputNames.has(value);
    const memory = isInput ? this.inputOf(value) : this.#outputOf(value).source;
    const { buffer, offset } = memory as Extract<Memory, { kind: "buffer" }>;
    const name = (isInput ? this.#parts.graph.inputNames : this.#parts.graph.outputNames).get(value) as string;
    const { shape } = (isInput ? this.#memory.inputs.get(name) : this.#memory.outputs.get(name)) as { shape: Nchw };
    return { buffer, offset, cells: shape[2 + this.#parts.axis] as number };
  }

  /** Writes the uniforms of calls whose outputs lie at positions: the band's first output, and the first cell read. */
  moveTo(output: number, cell: number): void {
    const { device, axis } = this.#parts;
    for (const { index, step, positions } of this.#positioned) {
      const { kernel, variant, problem } = step;
      const uniforms = (variant.params ?? kernel.params)(problem);
      const params = () => movedUniforms(uniforms, positions, axis, { output, cell });
      const { buffer, offset } = this.#memory.uniforms(index) as GPUBufferBinding;
      device.gpu.queue.writeBuffer(buffer, offset ?? 0, packParams(kernel, { ...variant, params }, problem));
    }
  }

  encode(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass();
    for (const dispatch of this.#dispatches) encodeDispatch(pass, dispatch);
    pass.end();
  }

  /** Copies what the host gets to a set of staging buffers. */
  encodeReads(encoder: GPUCommandEncoder, values: readonly Value[], slot: number): void {
    for (const value of values) {
      const { source, staging } = this.#outputOf(value);
      encodeCopy(encoder, source, staging[slot] as GPUBuffer);
    }
  }

  /** Waits for the copies and gives each to `take`, one after the other. `copy` brings it off the GPU. */
  async read(
    values: readonly Value[],
    slot: number,
    take: (value: Value, copy: () => BandValues) => void,
  ): Promise<void> {
    const outputs = values.map((value) => ({ value, output: this.#outputOf(value) }));
    const bufferOf = ({ staging }: StagedOutput): GPUBuffer => staging[slot] as GPUBuffer;
    try {
      const maps = outputs.map(({ output }) => bufferOf(output).mapAsync(MAP_MODE_READ));
      await this.#parts.device.settle(Promise.all(maps));
      for (const { value, output } of outputs) {
        const { source, shape, layout } = output;
        take(value, () => {
          const bytes = readStaging(source, bufferOf(output).getMappedRange());
          return { values: layoutNamed(layout).unpack(bytes, shape), shape };
        });
      }
    } finally {
      for (const { output } of outputs) bufferOf(output).unmap();
    }
  }
}
