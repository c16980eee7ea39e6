/** The weights of a plan that trains: trained ones come from their parameters, the others from the checkpoint. */
import { FcnError } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import type { Memory } from "../gpu/memory.js";
import { plainPacking } from "../kernel/packings.js";
import type { AnyProblem } from "../kernel/problem.js";
import type { Packing } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { WeightStore } from "../plan/weight-store.js";
import type { TrainedWeight } from "./trained-weight.js";

/** Whether parameters can be kept in this packing: PyTorch's order, or one that pack-weight makes. */
export const canTrainIn = (packing: Packing | undefined): boolean =>
  packing === undefined || packing.name === plainPacking.name || packing.packedOrder !== undefined;

export class TrainingStore extends WeightStore {
  readonly #parameters: ReadonlyMap<Weight, TrainedWeight>;

  constructor(device: Device, parameters: ReadonlyMap<Weight, TrainedWeight>) {
    super(device);
    this.#parameters = parameters;
  }

  override async get(weight: Weight, packing: Packing, problem: AnyProblem): Promise<Memory> {
    const parameter = this.#parameters.get(weight);
    if (!parameter) return super.get(weight, packing, problem);
    if (packing.name === plainPacking.name) return parameter.values.memory;
    if (!canTrainIn(packing))
      throw new FcnError(
        "bad-option",
        `${weight.name}: packing ${packing.name} cannot be trained; leave out { kernels }`,
      );
    return (await parameter.packed(this.device, packing)).memory;
  }
}
