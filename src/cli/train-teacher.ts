/** `--teacher`: a network that says what is on pictures without label maps. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { counted } from "../base/counted.js";
import { classNamesOf } from "../models/class-names.js";
import { loadFcn } from "../node.js";
import type { Device, Fcn, NodePicture } from "../node.js";
import type { RgbaPicture } from "../image/picture.js";
import type { FeatureStore } from "../train/feature-cache.js";
import type { NamedPicture } from "../train/evaluate.js";
import type { TrainingSample } from "../train/sample.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { recognise } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { UsageError } from "./command.js";
import { checkWeights } from "./files.js";
import { printNote } from "./output.js";
import type { ReadSample } from "./train-samples.js";
import { hashOf, openWeightsSource, sourceName } from "./train-weights.js";

/** A checkpoint that can teach. */
export interface TeacherFile {
  /** As --teacher names it. */
  readonly weights: string;
  /** For the log. */
  readonly name: string;
  /** SHA-256 of its bytes. */
  readonly hash: string;
  readonly classNames: readonly string[];
}

/**
 * Looks at the file of --teacher, and says what it is.
 * @param given names of --class-names
 * @throws UsageError where it has no head, or another number of classes than there are names; bad-weights
 */
export async function openTeacher(weights: string, given: readonly string[] | undefined): Promise<TeacherFile> {
  await checkWeights("train: --teacher", weights);
  const source = await openWeightsSource(weights);
  const hash = await hashOf(source);
  const checkpoint = await openCheckpoint(source);
  try {
    const { classes, description, variants, checkpoint: file } = recognise(checkpoint);
    const [finest] = variants;
    if (finest === undefined || classes === undefined)
      throw new UsageError(
        `train: the teacher ${weights} is ${description}: a backbone without a head says nothing of classes; give ` +
          "a network that segments, such as torchvision/fcn_resnet101 or photos",
      );
    if (given && given.length !== classes)
      throw new UsageError(
        `train: --class-names has ${counted(given.length, "name")}, and the teacher ${weights} has ` +
          `${counted(classes, "class")}; give a name ` +
          "for each of them, or leave the option out",
      );
    const { classNames, notice } = classNamesOf(file, classes, given);
    printNote(`fcn train: the teacher ${weights} is ${description}; runs as ${finest}`);
    if (notice !== undefined) printNote(`fcn train: WARNING: ${notice}`);
    return { weights, name: sourceName(weights, source), hash, classNames };
  } finally {
    await checkpoint.close();
  }
}

/** With --heads file: the heads that go on have the teacher's classes. @throws UsageError */
export function checkTaughtHeads({ weights, classNames }: TeacherFile, file: Checkpoint): void {
  const { classes } = recognise(file);
  if (classes === undefined || classes === classNames.length) return;
  throw new UsageError(
    `train: the heads of ${file.name} have ${counted(classes, "class")}, and the teacher ${weights} ` +
      `${classNames.length}; leave out --heads file for new heads, or give a teacher with ${counted(classes, "class")}`,
  );
}

/** Label maps of a teacher are kept as maps of this stride, under a key that features never have. */
const STRIDE = 1;
const LABELS = " labels";

export interface TeacherOptions {
  /** Where its targets and label maps are kept. */
  readonly store: FeatureStore;
  readonly warn: (message: string) => void;
}

/** The teacher at work: loaded on a device when something is asked that the store does not know. */
export class TeacherAtWork {
  /** Keeps apart what different teachers said. */
  readonly store: FeatureStore;
  readonly #file: TeacherFile;
  #loaded: { readonly device: Device; readonly fcn: Promise<Fcn<NodePicture>> } | undefined;

  constructor(file: TeacherFile, { store, warn }: TeacherOptions) {
    this.#file = file;
    this.store = onceEach(store, `${file.hash} `, warn);
  }

  /** Probabilities [classes, height, width] of a picture. */
  async probabilities(device: Device, picture: RgbaPicture): Promise<Float32Array> {
    return (await (await this.#on(device)).probabilities(picture)).data;
  }

  /** A class for each pixel of a picture at its own size. */
  async labels(device: Device, { name, picture }: NamedPicture): Promise<Uint8Array> {
    const kept = (await this.store.get(name + LABELS))?.get(STRIDE);
    if (kept) return new Uint8Array(inflateRawSync(kept));
    const { labels } = await (await this.#on(device)).segment(picture);
    const bytes = Uint8Array.from(labels);
    await this.store.set(name + LABELS, new Map([[STRIDE, new Uint8Array(deflateRawSync(bytes))]]));
    return bytes;
  }

  dispose(): void {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    void loaded?.fcn.then(
      (fcn) => fcn.dispose(),
      () => undefined, // whoever waited for it was told
    );
  }

  /** Another device than before has taken the place of a lost one. Nothing is measured that could choose kernels. */
  #on(device: Device): Promise<Fcn<NodePicture>> {
    if (this.#loaded?.device !== device) {
      this.dispose();
      const { weights, classNames } = this.#file;
      this.#loaded = { device, fcn: loadFcn({ weights, classNames, device, tune: false }) };
    }
    return this.#loaded.fcn;
  }
}

/** A store under keys of its own, that tells when something is put into it again because there was no room. */
function onceEach(store: FeatureStore, prefix: string, warn: (message: string) => void): FeatureStore {
  const made = new Set<string>();
  let isSaid = false;
  return {
    get: (key) => store.get(prefix + key),
    set: (key, features) => {
      if (made.has(key) && !isSaid) {
        isSaid = true;
        warn(
          `the teacher is asked again about ${key.replace(/(#\d+)? \w+$/, "")}, because --cache has no room for all ` +
            "that it said; give --cache more MB, or --cache-folder with more",
        );
      }
      made.add(key);
      return store.set(prefix + key, features);
    },
    clear: () => store.clear(),
  };
}

/** A picture with its label map, or with what the teacher says in place of one. */
export async function withTruth(
  { name, picture, labels }: ReadSample,
  teacher: TeacherAtWork | undefined,
  device: Device,
): Promise<TrainingSample> {
  const truth = labels ?? (await teacher?.labels(device, { name, picture }));
  if (!truth) throw new UsageError(`train: ${name} has no label map, and there is no --teacher`);
  return { name, picture, labels: truth };
}
