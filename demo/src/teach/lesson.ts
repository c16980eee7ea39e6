/**
 * The worker's part of "Teach it": trains new heads on the features of the painted pictures, a step at a time, and
 * labels pictures with them. It is loaded when a person teaches for the first time.
 */
import type { Checkpoint, Device, Picture } from "fcn-webgpu";
import { MemoryFeatures, createTrainer } from "fcn-webgpu/train";
import type { StepSample, Trainer, TrainingSample } from "fcn-webgpu/train";
import { decode } from "../worker/pictures.js";
import { MAX_SECONDS, MAX_STEPS, MIN_STEPS } from "./messages.js";
import type { TaughtLabels, TeachPicture, TeachReply, TeachRequest } from "./messages.js";
import { strokeLabels } from "./strokes.js";

/** What the lesson asks of the worker's engine. */
export interface LessonRoom {
  reply(reply: TeachReply, transfer?: Transferable[]): void;
  saved(name: string, blob: Blob): void;
  /** Does `work` when the requests that came before are done. */
  later(work: () => Promise<void>): void;
}

/** The device and the checkpoint in use. */
export interface LessonBase {
  readonly device: Device;
  readonly checkpoint: Checkpoint;
  /** f16 for weights that are stored so. */
  readonly dtype: "f32" | "f16";
}

type Asked<What extends TeachRequest["what"]> = Extract<TeachRequest, { readonly what: What }>;

const FEATURE_BYTES = 128e6;
/** Decoded pictures that are kept. */
const MAX_PICTURES = 12;
/** Each picture as it is, and three times mirrored or enlarged. */
const VARIATIONS = 4;
/** Few pixels are labelled: a strong decay keeps the heads from learning them by heart. */
const OPTIMIZER = { kind: "adamw", weightDecay: 1 } as const;
const RATE = 5e-3;
/** While training, looks at the picture on show take about this share of the time. */
const LOOK_SHARE = 0.2;
/** The least time between two looks, in milliseconds. */
const LOOK_EVERY = 300;

/** A training in progress. */
interface Training {
  readonly run: number;
  readonly samples: readonly TrainingSample[];
  step: number;
  /** When the first step ended, and when the next look is due. */
  began: number;
  nextLook: number;
}

export class Lesson {
  readonly #room: LessonRoom;
  readonly #base: LessonBase;
  readonly #features = new MemoryFeatures(FEATURE_BYTES);
  /** Decoded pictures by key and side, in the order in which they came. */
  readonly #pictures = new Map<string, Picture>();
  #trainer: Trainer | undefined;
  #training: Training | undefined;
  #shown: Asked<"look"> | undefined;

  constructor(room: LessonRoom, base: LessonBase) {
    this.#room = room;
    this.#base = base;
  }

  async answer(request: Exclude<TeachRequest, { readonly what: "forget" }>): Promise<void> {
    switch (request.what) {
      case "train":
        return this.#train(request);
      case "look":
        this.#shown = request;
        return this.#look(request.run);
      case "stop":
        return this.#end();
      case "save":
        return this.#save();
    }
  }

  /** Trains no more. */
  halt(): void {
    this.#training = undefined;
  }

  /** Frees all. A step that waits is not done. */
  dispose(): void {
    this.halt();
    this.#trainer?.dispose();
    this.#trainer = undefined;
    this.#pictures.clear();
    this.#features.clear();
  }

  async #train({ run, classes, pictures, side }: Asked<"train">): Promise<void> {
    this.#training = undefined;
    this.#room.reply({ run, what: "preparing", text: "Preparing the pictures" });
    const samples: TrainingSample[] = [];
    for (const painted of pictures) {
      const picture = await this.#decoded(painted, side);
      const labels = strokeLabels(painted.strokes, picture.width, picture.height);
      samples.push({ name: nameOf(painted, picture), picture, labels });
    }
    const known = this.#trainer?.classNames.join("\n");
    if (known !== classes.join("\n")) await this.#startAnew(classes);
    this.#training = { run, samples, step: 0, began: performance.now(), nextLook: 0 };
    return this.#step(this.#training);
  }

  async #startAnew(classes: readonly string[]): Promise<void> {
    this.#trainer?.dispose();
    this.#trainer = undefined;
    const { device, checkpoint: backbone } = this.#base;
    this.#trainer = await createTrainer({
      ...{ device, backbone, classes, rate: RATE, optimizer: OPTIMIZER, features: this.#features },
      augment: { variations: VARIATIONS },
    });
  }

  /** One step, then the next one when others have had their turn. */
  async #step(training: Training): Promise<void> {
    const trainer = this.#trainer;
    if (!trainer || training !== this.#training) return;
    const { run } = training;
    const { loss } = await trainer.step(batchOf(training));
    training.step += 1;
    if (training.step === 1) training.began = performance.now();
    const seconds = (performance.now() - training.began) / 1000;
    this.#room.reply({ run, what: "stepped", step: training.step, loss, seconds });
    const isLong = seconds >= MAX_SECONDS && training.step >= MIN_STEPS;
    if (isLong || training.step >= MAX_STEPS) return this.#end();
    const start = performance.now();
    if (start > training.nextLook) {
      await this.#look(run);
      const end = performance.now();
      training.nextLook = end + Math.max(LOOK_EVERY, (end - start) / LOOK_SHARE);
    }
    this.#room.later(() => this.#step(training));
  }

  async #end(): Promise<void> {
    const training = this.#training;
    if (!training) return;
    this.#training = undefined;
    await this.#look(training.run);
    this.#room.reply({ run: training.run, what: "ended" });
  }

  /** Sends the labels of the picture on show, if anything was learned. */
  async #look(run: number): Promise<void> {
    if (!this.#trainer || !this.#shown) return;
    const { picture: shown, side } = this.#shown;
    const picture = await this.#decoded(shown, side);
    const { width, height } = picture;
    const labels = await this.#trainer.labels({ name: nameOf(shown, picture), picture });
    const found: TaughtLabels = { key: shown.key, width, height, labels: labels.slice() };
    this.#room.reply({ run, what: "labels", ...found }, [found.labels.buffer]);
  }

  async #save(): Promise<void> {
    if (!this.#trainer) throw new Error("nothing was taught yet: paint some strokes and press Teach");
    const bytes = await this.#trainer.save(this.#base.dtype);
    const taught = this.#trainer.classNames.slice(1).join("-");
    const name = `${taught.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "taught"}.safetensors`;
    this.#room.saved(name, new Blob([bytes], { type: "application/octet-stream" }));
  }

  async #decoded({ key, name, file }: TeachPicture, side: Asked<"look">["side"]): Promise<Picture> {
    const id = `${side}/${key}`;
    const known = this.#pictures.get(id);
    if (known) return known;
    const { picture } = await decode(file, name, side, this.#base.device.software);
    const [oldest] = this.#pictures.keys();
    if (oldest !== undefined && this.#pictures.size >= MAX_PICTURES) this.#pictures.delete(oldest);
    this.#pictures.set(id, picture);
    return picture;
  }
}

/** Features are kept under this name, for a picture at one size. */
const nameOf = ({ key }: TeachPicture, { width, height }: Picture): string => `${key} ${width}x${height}`;

/**
 * Two views a step: a variation of one picture, which may show none of its strokes, and the next picture as it is, so
 * that some pixel counts.
 */
function batchOf({ samples, step }: Training): StepSample[] {
  const at = (i: number): TrainingSample => samples[i % samples.length] as TrainingSample;
  const variation = 1 + (Math.floor(step / samples.length) % (VARIATIONS - 1));
  return [{ sample: at(step), variation }, { sample: at(step + 1) }];
}
