/** The files of a training in its --out folder. All are written aside and renamed: none is ever a part of one. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { nativePath } from "../base/native-path.js";
import { writeWhole } from "../base/write-whole.js";
import { isEpochRecord } from "../eval/training-records.js";
import type { FcnVariant } from "../models/fcn-head.js";
import { checkpointBytes } from "../train/checkpoint-bytes.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { UsageError } from "./command.js";
import { removing, writing } from "./output-disk.js";
import type { WriterLock } from "./writer-lock.js";
import { LOG } from "./train-log.js";
import type { ReadLog } from "./train-log.js";

export const BEST = "best.safetensors";
export const LAST = "last.safetensors";

/** A state is not for users: its name begins with a word of its own. */
const stateName = (variant: FcnVariant): string => `state-${variant}.safetensors`;

/** A checkpoint of a stage that is not the last one, where each stage has a backbone of its own. */
export const stageName = (variant: FcnVariant): string => `${variant}.safetensors`;

/** What --fresh removes. */
const OWN_FILES = (variants: readonly FcnVariant[]): string[] => [
  LOG,
  BEST,
  LAST,
  "report.html",
  "report.json",
  ...variants.flatMap((variant) => [stateName(variant), stageName(variant)]),
];

/** @throws UsageError where the best checkpoint of an epoch is no longer there */
export function checkBest(folder: string, { lines }: ReadLog): void {
  const path = join(folder, BEST);
  if (!lines.some(({ record }) => isEpochRecord(record) && record.epoch > 0) || existsSync(nativePath(path))) return;
  throw new UsageError(
    `train: ${path} is missing, which the training in ${folder} has written; put it back to resume, or give --fresh`,
  );
}

export class TrainingFiles {
  constructor(
    readonly folder: string,
    private readonly lock: WriterLock,
  ) {}

  path(name: string): string {
    return join(this.folder, name);
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    this.lock.check();
    await writing(this.path(name), writeWhole(this.path(name), bytes, { flush: true }), "train");
  }

  async readState(variant: FcnVariant): Promise<Uint8Array | undefined> {
    return readFile(nativePath(this.path(stateName(variant)))).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
  }

  writeState(variant: FcnVariant, state: Uint8Array): Promise<void> {
    return this.#write(stateName(variant), state);
  }

  async writeCheckpoint(name: string, checkpoint: Checkpoint): Promise<void> {
    // A state may follow on the disk that counts on it.
    await this.#write(name, await checkpointBytes(checkpoint, "f32"));
  }

  /** Starts again. */
  async clear(variants: readonly FcnVariant[]): Promise<void> {
    for (const name of OWN_FILES(variants)) await removing(this.path(name), "train");
  }
}
