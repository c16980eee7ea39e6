/**
 * A training step on the GPU: forward, loss, backward and optimiser in one submit. Where a batch is given in pieces,
 * gradients are added over the pieces, and a plan of its own runs the optimiser. Nothing is created after the first
 * step.
 */
import type { Device } from "../gpu/device.js";
import { write } from "../gpu/memory.js";
import { Tensor } from "../gpu/tensor.js";
import { rankedVariants } from "../kernel/choice.js";
import type { VariantPick } from "../kernel/choice.js";
import type { Weight } from "../kernel/weight.js";
import type { Graph } from "../plan/graph.js";
import type { PlanInputs } from "../plan/inputs.js";
import { lower } from "../plan/lower.js";
import { Plan } from "../plan/plan.js";
import { Parameter } from "./parameter.js";
import { CLASS_WEIGHTS, LOSS, RATES, SCALE, appendPass, appendUpdate, graphOf, parameterStates } from "./step-graph.js";
import type { StepParts } from "./step-graph.js";
import { TrainingStore, canTrainIn } from "./training-store.js";

export interface TrainingStepOptions extends Omit<StepParts, "device" | "parameters"> {
  /** The weights to train, of the network's graph. */
  readonly trained: Iterable<Weight>;
  /** A value for each class. */
  readonly classWeights?: Float32Array | undefined;
  /** Whether a batch comes in pieces. */
  readonly inPieces?: boolean;
}

/** One batch, or one piece of it. */
export interface StepInputs {
  /** By the names that the network's graph declares, and "labels" or "probabilities". */
  readonly inputs: PlanInputs;
  /** What loss and gradient are multiplied by: 1 / the number of valid pixels of the whole batch, for a mean. */
  readonly scale: number;
}

/** The best variant whose packed weights the GPU can keep up to date. */
const trainable =
  (device: Device): VariantPick =>
  (kernel, problem) =>
    rankedVariants(kernel, problem, device).find((name) =>
      Object.values(kernel.variants[name]?.packing ?? {}).every(canTrainIn),
    );

const oneValue = (value: number): Float32Array => new Float32Array([value, 0, 0, 0]);

export class TrainingStep {
  #steps = 0;

  private constructor(
    readonly device: Device,
    readonly parameters: ReadonlyMap<Weight, Parameter>,
    private readonly parts: {
      readonly optimizer: StepParts["optimizer"];
      readonly pass: Plan;
      /** Missing where the pass ends with the optimiser. */
      readonly update: Plan | undefined;
      readonly store: TrainingStore;
      readonly loss: Tensor;
      readonly classWeights: Tensor | undefined;
    },
  ) {}

  /** @throws bad-option, bad-weights, limit-too-small, out-of-memory, gpu-error, device-lost */
  static async create(
    device: Device,
    { trained, classWeights, inPieces = false, ...options }: TrainingStepOptions,
  ): Promise<TrainingStep> {
    const parameters = new Map<Weight, Parameter>();
    for (const weight of trained)
      parameters.set(weight, await Parameter.create(device, weight, options.optimizer.moments));
    const parts: StepParts = { ...options, device, parameters };
    const store = new TrainingStore(device, parameters);
    await makeCopies(device, parts, store);
    const loss = await Tensor.empty(device, [1, 1, 1, 1], { layout: "nchw", label: LOSS });
    const weights = classWeights && (await classWeightsTensor(device, classWeights));
    const own = { [LOSS]: loss, ...(weights && { [CLASS_WEIGHTS]: weights }) };
    const states = { ...parameterStates(parameters.values()), ...own };
    const planOf = (graph: Graph): Promise<Plan> => Plan.create(device, graph, store, trainable(device), { states });
    const pass = await planOf(
      graphOf((graph) => {
        const gradients = appendPass(graph, parts);
        if (!inPieces) appendUpdate(graph, parts, gradients);
      }),
    );
    const update = inPieces ? await planOf(graphOf((graph) => appendUpdate(graph, parts, new Map()))) : undefined;
    const { optimizer } = options;
    return new TrainingStep(device, parameters, { optimizer, pass, update, store, loss, classWeights: weights });
  }

  /** Steps so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * One step over a batch, or over its pieces, at this rate. Gives the loss.
   * @throws bad-shape, disposed, device-lost, gpu-error
   */
  async run(pieces: readonly StepInputs[], rate: number): Promise<number> {
    const { optimizer, update } = this.parts;
    const rates = Float32Array.from(optimizer.ratesAt(this.#steps + 1, rate));
    write(this.device, this.parts.loss.memory, oneValue(0));
    let loss = NaN;
    const more = update ? {} : { [RATES]: rates };
    for (const piece of pieces) loss = await this.accumulate(piece, more);
    await update?.run({ [RATES]: rates });
    this.#steps += 1;
    return loss;
  }

  /** Adds the gradients of a piece to those of the parameters. Gives the loss so far. */
  async accumulate({ inputs, scale }: StepInputs, more: PlanInputs = {}): Promise<number> {
    const { outputs } = await this.parts.pass.run({ ...inputs, ...more, [SCALE]: oneValue(scale) });
    const bytes = outputs.get(LOSS)?.bytes as ArrayBuffer;
    return new Float32Array(bytes)[0] as number;
  }

  dispose(): void {
    const { pass, update, store, loss, classWeights } = this.parts;
    pass.dispose();
    update?.dispose();
    store.dispose();
    loss.dispose();
    classWeights?.dispose();
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}

/** Finds out in which orders shaders read each parameter, and makes those copies. */
async function makeCopies(device: Device, parts: StepParts, store: TrainingStore): Promise<void> {
  const graph = graphOf((empty) => appendPass(empty, parts));
  for (const { weights, variant, problem } of lower(graph, device, trainable(device)).steps) {
    for (const [key, weight] of Object.entries(weights)) {
      const packing = variant.packing?.[key];
      if (packing && parts.parameters.has(weight)) await store.get(weight, packing, problem);
    }
  }
}

async function classWeightsTensor(device: Device, weights: Float32Array): Promise<Tensor> {
  return Tensor.from(device, weights, [1, weights.length, 1, 1], { layout: "nchw", label: CLASS_WEIGHTS });
}
