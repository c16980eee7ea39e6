/**
 * Trains an FCN on the GPU. Heads mode: the backbone is frozen, and its features are computed once for each variation
 * of a picture. All mode: every convolution learns, with folded, frozen batch norms.
 */
import { FcnError, badOption } from "../base/errors.js";
import { checkOneOf } from "../base/options.js";
import type { ConfusionMatrix } from "../eval/confusion.js";
import { networkSize } from "../models/preprocessing.js";
import { overlaid } from "../models/own-heads/overlaid.js";
import type { TensorInMemory } from "../models/own-heads/overlaid.js";
import type { HeadWeights } from "../models/head-weights.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { openGivenCheckpoint } from "../weights/given.js";
import { localSource } from "../weights/source.js";
import type { ByteSource } from "../weights/source.js";
import { bySize, pieceOf, weightOf } from "./batch.js";
import type { TrainItem } from "./batch.js";
import { trainedTensors, checkpointBytes } from "./checkpoint-bytes.js";
import { evaluateSamples, labelsOf } from "./evaluate.js";
import type { NamedPicture } from "./evaluate.js";
import { FeatureMaker } from "./feature-maker.js";
import { loadTrained } from "./load-trained.js";
import { scheduledRate } from "./schedule.js";
import { IGNORED, checkLabelled, prepared, withoutLabels } from "./sample.js";
import type { StepSample, TrainingSample } from "./sample.js";
import { readState, stateBytes } from "./state.js";
import { checkPictureFits, tooLargeToTrain } from "./too-large.js";
import type { StepReport } from "./training-events.js";
import type { TrainerParts } from "./trainer-parts.js";
import { checkBatch, checkSamples, checkTrainedFile } from "./training-arguments.js";

/**
 * A training in progress: steps over batches, evaluations, and the weights as they are now. createTrainer() makes it.
 * Calls run one after the other.
 * @example
 * import { openSource, readPicture, requestDevice } from "fcn-webgpu/node";
 * import { createTrainer } from "fcn-webgpu/train";
 *
 * const device = await requestDevice();
 * const classes = ["background", "cat"];
 * const trainer = await createTrainer({ device, backbone: await openSource("photos"), classes, variant: "fcn32s" });
 * const picture = await readPicture("samples/photographs/chelsea.png");
 * const labels = new Uint8Array(picture.width * picture.height).fill(1); // from an annotator
 * for (let i = 0; i < 3; i++) await trainer.step([{ sample: { name: "chelsea", picture, labels } }]);
 * console.log(trainer.steps, (await trainer.save("f16")).length > 1e6); // prints 3 true
 * trainer.dispose();
 * device.dispose();
 */
export class Trainer {
  readonly #parts: TrainerParts;
  readonly #maker: FeatureMaker;
  #last: Promise<unknown> = Promise.resolve();
  #isDisposed = false;

  /** createTrainer() calls it. */
  constructor(parts: TrainerParts) {
    this.#parts = parts;
    this.#maker = new FeatureMaker(parts);
  }

  /** Steps so far. */
  get steps(): number {
    return this.#parts.session.steps;
  }

  /** Names of the classes by label. */
  get classNames(): readonly string[] {
    return this.#parts.learner.classNames;
  }

  /** Bytes of GPU memory in use: weights, what the optimiser keeps, and the plans of the sizes that came last. */
  get bytes(): number {
    return this.#parts.session.bytes + this.#maker.bytes;
  }

  /** Pictures whose features were computed, and not found in the cache. */
  get featuresMade(): number {
    return this.#maker.made;
  }

  /**
   * One step of the optimiser over a batch. Calls run one after the other. The loss is 0 where the views show no pixel
   * that counts, or only classes whose weight is 0.
   * @throws bad-shape for labels of another size; bad-image for a wrong picture or a label that is not a class;
   * bad-option for an empty batch, and for pictures without a label that counts; gpu-error for a loss of NaN;
   * limit-too-small, out-of-memory, device-lost, disposed
   */
  step(batch: readonly StepSample[]): Promise<StepReport> {
    return this.#enqueue(async () => {
      const report = await this.#step(batch);
      this.#parts.onEvent?.({ kind: "step", ...report });
      return report;
    });
  }

  /** The confusion matrix of the labels at the pictures' own sizes. @throws as step() */
  evaluate(samples: Iterable<TrainingSample>): Promise<ConfusionMatrix> {
    return this.#enqueue(async () => {
      checkSamples(samples);
      const confusion = await evaluateSamples(this.#parts, this.#maker, samples);
      this.#parts.onEvent?.({ kind: "evaluation", step: this.steps, meanIoU: confusion.meanIoU, confusion });
      return confusion;
    });
  }

  /**
   * A label for each pixel of a picture at its own size, in row order, with the present weights. Where the backbone is
   * frozen, the features are cached under the picture's name. @throws as step()
   */
  labels(picture: NamedPicture): Promise<Uint8Array<ArrayBuffer>> {
    return this.#enqueue(() => labelsOf(this.#parts, this.#maker, picture));
  }

  /**
   * The network as it is now, under this library's names. Where all learn, batch norms are folded. Other heads of the
   * backbone's file are kept where heads go on from it and the backbone does not learn.
   * @throws disposed
   */
  checkpoint(): Promise<Checkpoint> {
    return this.#enqueue(async () => {
      const { learner, session } = this.#parts;
      return overlaid(learner.kept, await trainedTensors(session), learner.metadata);
    });
  }

  /** The checkpoint as a safetensors file. @throws bad-option for another dtype; disposed, device-lost */
  async save(dtype: "f32" | "f16" = "f32"): Promise<Uint8Array<ArrayBuffer>> {
    checkOneOf("trainer.save: dtype", dtype, ["f32", "f16"]);
    return checkpointBytes(await this.checkpoint(), dtype);
  }

  /** The head's weights, for fcn.setHeads() and createFcn(). @throws disposed, device-lost */
  heads(): Promise<HeadWeights> {
    return this.#enqueue(async () => {
      const { learner, session } = this.#parts;
      const trained = await trainedTensors(session);
      const tensors = learner.headTensors.map(({ name, short }) => {
        const tensor = trained.get(name) as TensorInMemory;
        return [short, { shape: tensor.shape, data: tensor.values() }] as const;
      });
      return { [learner.variant]: Object.fromEntries(tensors) };
    });
  }

  /**
   * Starts again from the weights of a checkpoint, such as save() gives: the number of steps and what the optimiser
   * keeps become zero. In heads mode only the head is taken. A source is closed then, unless it is the backbone's.
   * @throws bad-weights where it is of another network, or has other classes; bad-option, disposed, device-lost
   */
  load(file: Uint8Array | ByteSource | Checkpoint): Promise<void> {
    return this.#enqueue(async () => {
      const { backbone, session, learner } = this.#parts;
      const isBytes = ArrayBuffer.isView(file);
      if (!isBytes) checkTrainedFile("trainer.load", file);
      const given = "tensors" in file;
      const checkpoint = given ? file : await openGivenCheckpoint(isBytes ? await localSource(file) : file);
      try {
        await loadTrained(session, checkpoint, learner.options);
      } finally {
        if (!given && file !== backbone) await checkpoint.close();
      }
    });
  }

  /** Weights, what the optimiser keeps, and the steps: restore() goes on from it, bit for bit. @throws disposed */
  state(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#enqueue(() => stateBytes(this.#parts.session));
  }

  /** Goes on from a state. @throws bad-weights where it is of another network or optimiser; bad-option, disposed */
  restore(state: Uint8Array): Promise<void> {
    return this.#enqueue(() => readState(this.#parts.session, state));
  }

  /** Frees all GPU memory when the calls before have ended. The device stays. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    void this.#last.then(() => {
      this.#maker.dispose();
      this.#parts.session.dispose();
    });
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isDisposed) return Promise.reject(new FcnError("disposed", "this trainer was disposed; make a new one"));
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #step(batch: readonly StepSample[]): Promise<StepReport> {
    checkBatch(batch);
    const { session, rate: base, schedule, mode } = this.#parts;
    const items: TrainItem[] = [];
    for (const one of batch) items.push(await this.#itemOf(one));
    const scale = this.#scaleOf(items, batch);
    const groups = bySize(items, this.#parts.maxPiece);
    const pieces = groups.map((group) => pieceOf(this.#parts, group, scale));
    const rate = scheduledRate(base, schedule, session.steps);
    const loss = await session.run(pieces, rate).catch((error: unknown) => {
      const asked = groups.map((group) => ({ count: group.length, size: (group[0] as TrainItem).size }));
      throw tooLargeToTrain(error, { mode, pieces: asked });
    });
    if (!Number.isFinite(loss)) throw await this.#notANumber(loss);
    return { step: session.steps, loss, rate };
  }

  async #itemOf({ sample, variation = 0 }: StepSample): Promise<TrainItem> {
    const { device, learner, augment, seed, mode, teaching } = this.#parts;
    const labelled = teaching ? withoutLabels(sample) : sample;
    checkLabelled(labelled, learner.classNames.length);
    const { height, width } = sample.picture;
    const size = networkSize(height, width, learner.resize);
    checkPictureFits(device, size, mode);
    const view = prepared(labelled, variation, { resize: learner.resize, augment, seed });
    const { picture } = view;
    const labels = view.labels();
    const key = `${sample.name}#${variation}`;
    const probabilities = teaching && { probabilities: await teaching.targetsOf(key, size, picture) };
    if (mode === "all") return { size, labels, ...probabilities, picture: picture().data };
    return { size, labels, ...probabilities, features: await this.#maker.featuresOf(key, size, picture) };
  }

  /** 1, or 1 / (the sum of the weights of all pixels that count). */
  #scaleOf(items: readonly TrainItem[], batch: readonly StepSample[]): number {
    const { loss, classWeights, learner } = this.#parts;
    if (loss === "sum") return 1;
    const sum = weightOf(items, learner.classNames.length, classWeights);
    if (sum > 0) return 1 / sum;
    // Parts of sparsely labelled pictures may show no label, and classes may weigh nothing: the loss is then 0.
    if (batch.some(({ sample }) => "labels" in sample && sample.labels.some((label) => label !== IGNORED))) return 1;
    throw badOption("trainer.step: no pixel of the batch has a label that counts; leave these pictures out");
  }

  /** Names the first weight that holds no number. */
  async #notANumber(loss: number): Promise<FcnError> {
    const { session } = this.#parts;
    const found = async (): Promise<string> => {
      for (const { name, values } of session.parameters.values()) {
        if (!(await values.read()).every(Number.isFinite)) return `${name} has values that are no numbers`;
      }
      return "all weights are numbers";
    };
    const what = Number.isNaN(loss) ? "no number" : "infinite";
    const cure = "go back to the last checkpoint and train with a lower rate";
    return new FcnError("gpu-error", `step ${session.steps}: the loss is ${what}, and ${await found()}; ${cure}`);
  }
}
