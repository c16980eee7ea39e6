/** A weight that learns: its values, their gradient and the optimiser's moments, on the GPU in PyTorch's order. */
import type { Device } from "../gpu/device.js";
import { write } from "../gpu/memory.js";
import { Tensor } from "../gpu/tensor.js";
import type { Nchw, Shape } from "../kernel/shape.js";
import type { Packing } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { checkedCount } from "../plan/weight-store.js";

/** A weight's values in the order in which a shader reads them. Kept equal to the parameter by pack-weight. */
export interface PackedCopy {
  readonly packing: Packing;
  readonly tensor: Tensor;
}

/** A shape of one to four dimensions as one of four: a bias [C] is [C, 1, 1, 1]. */
function fourDimensions(shape: Shape): Nchw {
  const [n = 1, c = 1, h = 1, w = 1] = shape;
  return [n, c, h, w];
}

export class TrainedWeight {
  /** By name of the packing. */
  readonly copies = new Map<string, PackedCopy>();
  readonly shape: Nchw;

  private constructor(
    readonly weight: Weight,
    readonly values: Tensor,
    /** Zero between steps. */
    readonly gradient: Tensor,
    /** By the optimiser's names, such as "velocity". */
    readonly moments: ReadonlyMap<string, Tensor>,
    /** What steps are counted in, one value for each output channel (units.ts). Undefined: 1. */
    readonly unit: Tensor | undefined,
  ) {
    this.shape = values.shape;
  }

  /** @throws bad-weights where the weight has another number of values than its shape says */
  static async create(
    device: Device,
    weight: Weight,
    moments: readonly string[],
    unit?: Float32Array,
  ): Promise<TrainedWeight> {
    const shape = fourDimensions(weight.shape);
    const label = weight.name;
    const values = checkedCount(weight.name, weight.shape, await weight.read());
    const made: Tensor[] = [];
    const keep = async (making: Promise<Tensor>): Promise<Tensor> => {
      const tensor = await making;
      made.push(tensor);
      return tensor;
    };
    const empty = (suffix: string): Promise<Tensor> =>
      keep(Tensor.empty(device, shape, { layout: "nchw", label: `${label}${suffix}` }));
    const of = (data: Float32Array, of: Nchw, suffix = ""): Promise<Tensor> =>
      keep(Tensor.from(device, data, of, { layout: "nchw", label: `${label}${suffix}` }));
    try {
      const kept = new Map<string, Tensor>();
      for (const moment of moments) kept.set(moment, await empty(`.${moment}`));
      const units = unit && (await of(unit, [shape[0], 1, 1, 1], ".unit"));
      return new TrainedWeight(weight, await of(values, shape), await empty(".gradient"), kept, units);
    } catch (error) {
      for (const tensor of made) tensor.dispose();
      throw error;
    }
  }

  get name(): string {
    return this.weight.name;
  }

  /** What the optimiser keeps besides the values and their gradient, by its name. */
  get kept(): ReadonlyMap<string, Tensor> {
    return this.unit ? new Map([...this.moments, ["unit", this.unit]]) : this.moments;
  }

  /** Bytes on the GPU. */
  get bytes(): number {
    return this.#tensors.reduce((sum, { memory }) => sum + memory.size, 0);
  }

  get #tensors(): Tensor[] {
    const copies = [...this.copies.values()].map(({ tensor }) => tensor);
    return [this.values, this.gradient, ...this.moments.values(), ...(this.unit ? [this.unit] : []), ...copies];
  }

  /** The values in an order of a shader's, made at the first call. */
  async packed(device: Device, packing: Packing): Promise<Tensor> {
    const known = this.copies.get(packing.name);
    if (known) return known.tensor;
    const host = new Float32Array(await this.values.read());
    const data = packing.pack(host, this.weight.shape, undefined as never) as Float32Array;
    const layout = packing.storage === "texture" ? "texels" : "nchw";
    const label = `${this.name} as ${packing.name}`;
    const tensor = await Tensor.from(device, data, [1, 1, 1, data.length], { layout, label });
    this.copies.set(packing.name, { packing, tensor });
    return tensor;
  }

  /** Replaces the values, in the weight's own order. @throws bad-weights */
  assign(device: Device, data: Float32Array): void {
    const values = checkedCount(this.name, this.weight.shape, data);
    const padded = new Float32Array(this.values.memory.size / 4);
    padded.set(values);
    write(device, this.values.memory, padded.buffer);
    for (const { packing, tensor } of this.copies.values()) {
      const packed = new Float32Array(tensor.memory.size / 4);
      packed.set(packing.pack(values, this.weight.shape, undefined as never));
      write(device, tensor.memory, packed.buffer);
    }
  }

  dispose(): void {
    for (const tensor of this.#tensors) tensor.dispose();
  }
}
