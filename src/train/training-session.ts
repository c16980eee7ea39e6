/**
 * Training on the GPU: the parameters, and plans for batches of every shape that comes. A step is forward, loss,
 * backward and optimiser in one run. Where a batch comes in pieces, gradients are added over the pieces, and a plan
 * of its own runs the optimiser. A step of a shape that was seen before creates nothing.
 */
import type { Device } from "../gpu/device.js";
import { write } from "../gpu/memory.js";
import { Tensor } from "../gpu/tensor.js";
import type { Weight } from "../kernel/weight.js";
import type { PlanInputs } from "../plan/inputs.js";
import type { Plan } from "../plan/plan.js";
import type { PlanResult } from "../plan/plan-options.js";
import type { StateGraph } from "../plan/state-graph.js";
import { TrainedWeight } from "./trained-weight.js";
import { LOSS, SCALE } from "./loss-graph.js";
import type { LossTensors } from "./loss-graph.js";
import { RATES, appendPass, appendUpdate } from "./step-graph.js";
import type { AppendNetwork, StepOptions, StepParts } from "./step-graph.js";
import { TrainingPlans } from "./training-plans.js";
import { TrainingStore } from "./training-store.js";
import type { UnitOf } from "./units.js";

export interface TrainingSessionOptions extends StepOptions {
  /** The weights to train. */
  readonly trained: Iterable<Weight>;
  /** A value for each class. */
  readonly classWeights?: Float32Array | undefined;
  /** What the steps of a weight are counted in. Default: 1. */
  readonly unitOf?: UnitOf;
  /** Plans that are kept. Default: 8, and up to 64 while all of them take less than 512 MB. */
  readonly maxPlans?: number;
}

/** Batches of one shape. */
export interface BatchShape {
  /** The same for the same shape. */
  readonly key: string;
  /** Appends the network: from inputs that it declares to logits. */
  readonly network: AppendNetwork;
}

/** One batch, or one piece of it. */
export interface Piece {
  readonly shape: BatchShape;
  /** By the names that the network declares, and "labels" or "probabilities". */
  readonly inputs: PlanInputs;
  /** What loss and gradient are multiplied by: 1 / the number of valid pixels of the whole batch, for a mean. */
  readonly scale: number;
}

interface Parts {
  readonly parameters: ReadonlyMap<Weight, TrainedWeight>;
  readonly store: TrainingStore;
  readonly loss: LossTensors;
}

const classWeightsOn = (device: Device, values: Float32Array): Promise<Tensor> =>
  Tensor.from(device, values, [1, values.length, 1, 1], { layout: "nchw", label: "class weights" });

const oneValue = (value: number): Float32Array => new Float32Array([value, 0, 0, 0]);

export class TrainingSession {
  /** Steps so far. Optimisers count from it. */
  steps = 0;
  readonly #plans: TrainingPlans;

  private constructor(
    readonly device: Device,
    private readonly options: TrainingSessionOptions,
    private readonly parts: Parts,
  ) {
    this.#plans = new TrainingPlans(device, parts.parameters, parts.store, options.maxPlans);
  }

  /** @throws bad-weights, limit-too-small, out-of-memory, device-lost */
  static async create(device: Device, options: TrainingSessionOptions): Promise<TrainingSession> {
    const parameters = new Map<Weight, TrainedWeight>();
    const { trained, optimizer, classWeights, unitOf } = options;
    let total: Tensor | undefined;
    try {
      for (const weight of trained) {
        const unit = await unitOf?.(weight);
        parameters.set(weight, await TrainedWeight.create(device, weight, optimizer.moments, unit));
      }
      total = await Tensor.empty(device, [1, 1, 1, 1], { layout: "nchw", label: LOSS });
      const weights = classWeights && (await classWeightsOn(device, classWeights));
      const store = new TrainingStore(device, parameters);
      return new TrainingSession(device, options, { parameters, store, loss: { total, classWeights: weights } });
    } catch (error) {
      total?.dispose();
      for (const parameter of parameters.values()) parameter.dispose();
      throw error;
    }
  }

  /** By name. */
  get parameters(): ReadonlyMap<string, TrainedWeight> {
    return new Map([...this.parts.parameters.values()].map((parameter) => [parameter.name, parameter]));
  }

  /** Bytes of GPU memory: parameters, what the optimiser keeps, frozen weights and plans. */
  get bytes(): number {
    const { parameters, store, loss } = this.parts;
    const own = loss.total.memory.size + (loss.classWeights?.memory.size ?? 0);
    const weights = [...parameters.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    return own + store.bytes + weights + this.#plans.bytes;
  }

  /**
   * One step over a batch, or over its pieces, at this rate. Gives the loss.
   * @throws bad-shape, limit-too-small, out-of-memory, disposed, device-lost, gpu-error
   */
  async run(pieces: readonly Piece[], rate: number): Promise<number> {
    const rates = Float32Array.from(this.options.optimizer.ratesAt(this.steps + 1, rate));
    const [only] = pieces;
    let loss: number;
    if (only && pieces.length === 1) {
      write(this.device, this.parts.loss.total.memory, oneValue(0));
      loss = await this.#pass(await this.#plans.planOf(`step ${only.shape.key}`, this.#step(only.shape)), only, rates);
    } else {
      loss = await this.#inPieces(pieces, rates);
    }
    this.steps += 1;
    return loss;
  }

  /** A step that fails leaves no gradient of its first pieces to the next step. */
  async #inPieces(pieces: readonly Piece[], rates: Float32Array): Promise<number> {
    try {
      const loss = await this.accumulate(pieces);
      const update = await this.#plans.planOf("update", (graph) => appendUpdate(graph, this.#parts, new Map()));
      await update.run({ [RATES]: rates });
      return loss;
    } catch (error) {
      for (const { gradient } of this.parts.parameters.values())
        write(this.device, gradient.memory, new ArrayBuffer(gradient.memory.size));
      throw error;
    }
  }

  /** Adds the gradients of pieces to those of the parameters. Gives their loss. */
  async accumulate(pieces: readonly Piece[]): Promise<number> {
    write(this.device, this.parts.loss.total.memory, oneValue(0));
    let loss = NaN;
    for (const piece of pieces) {
      const append = (graph: StateGraph): void => void appendPass(graph, this.#parts, piece.shape.network);
      loss = await this.#pass(await this.#plans.planOf(`pass ${piece.shape.key}`, append), piece);
    }
    return loss;
  }

  /** Runs a graph of the network with the weights as they are now. */
  async infer(key: string, append: (graph: StateGraph) => void, inputs: PlanInputs): Promise<PlanResult> {
    return (await this.#plans.planOf(`infer ${key}`, append)).run(inputs);
  }

  dispose(): void {
    this.#plans.dispose();
    const { parameters, store, loss } = this.parts;
    store.dispose();
    loss.total.dispose();
    loss.classWeights?.dispose();
    for (const parameter of parameters.values()) parameter.dispose();
  }

  get #parts(): StepParts {
    const { parameters, loss } = this.parts;
    return { ...this.options, device: this.device, parameters, loss };
  }

  /** Forward, loss, backward and optimiser. */
  #step({ network }: BatchShape): (graph: StateGraph) => void {
    return (graph) => appendUpdate(graph, this.#parts, appendPass(graph, this.#parts, network));
  }

  async #pass(plan: Plan, { inputs, scale }: Piece, rates?: Float32Array): Promise<number> {
    const own = { [SCALE]: oneValue(scale), ...(rates && { [RATES]: rates }) };
    const { outputs } = await plan.run({ ...inputs, ...own });
    return new Float32Array(outputs.get(LOSS)?.bytes as ArrayBuffer)[0] as number;
  }
}
