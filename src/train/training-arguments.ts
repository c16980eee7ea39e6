/** Checks what callers give a trainer. */
import { badOption } from "../base/errors.js";
import { describeValue, typeName } from "../base/options.js";
import { checkPictureSize } from "../image/picture.js";
import type { FeatureBytes, FeatureStore } from "./feature-cache.js";
import type { StepSample, TrainingSample } from "./sample.js";

/** @throws bad-option unless it is an open checkpoint or a source of its bytes */
export function checkTrainedFile(call: string, file: unknown): void {
  const { tensors, read, close } = (file ?? {}) as Readonly<Record<string, unknown>>;
  if (tensors !== undefined || (typeof read === "function" && typeof close === "function")) return;
  throw badOption(`${call}: needs a checkpoint, its bytes or what openSource() gives, got ${typeName(file)}`);
}

/** @throws bad-option for what has no name or picture; bad-image for a picture without a size */
export function checkNamed(call: string, sample: Pick<TrainingSample, "name" | "picture">): void {
  const { name, picture } = (sample ?? {}) as Partial<TrainingSample>;
  if (typeof name !== "string" || typeName(picture) === "undefined" || picture === null)
    throw badOption(`${call}: each sample is { name, picture, labels }: a text, { width, height, data } and labels`);
  checkPictureSize(name, picture?.width as number, picture?.height as number);
}

/** @throws bad-option, bad-image */
export function checkBatch(batch: readonly StepSample[]): void {
  if (!Array.isArray(batch)) throw badOption(`trainer.step: give an array of { sample }, got ${typeName(batch)}`);
  if (batch.length === 0) throw badOption("trainer.step: the batch is empty; give it one picture or more");
  for (const one of batch as readonly (Partial<StepSample> | null)[]) {
    checkNamed("trainer.step", one?.sample as TrainingSample);
    checkWhole("trainer.step: variation", one?.variation ?? 0);
  }
}

/** @throws bad-option unless it can be iterated over */
export function checkSamples(samples: Iterable<TrainingSample>): void {
  if (typeof samples !== "object" || !(Symbol.iterator in (samples ?? {})))
    throw badOption(`trainer.evaluate: give an array of samples, got ${typeName(samples)}`);
}

/** @throws bad-option unless it is a whole number of 0 or more */
export function checkWhole(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw badOption(
      `${name} must be a whole number of 0 or more, got ${Number.isNaN(value) ? "no number" : describeValue(value)}`,
    );
}

/** @throws bad-option unless it has the methods of a store */
export function checkStore(name: string, store: FeatureStore | undefined): void {
  if (store === undefined) return;
  const { get, set, clear } = store as unknown as Readonly<Record<string, unknown>>;
  if (![get, set, clear].every((method) => typeof method === "function"))
    throw badOption(`createTrainer: ${name} needs the methods get, set and clear; new MemoryFeatures(bytes) has them`);
}

/** What a store has under a key. @throws bad-option unless it is a map of bytes, as it was put there */
export async function keptIn(store: FeatureStore, key: string): Promise<FeatureBytes | undefined> {
  const kept: unknown = await store.get(key);
  if (kept === undefined || kept === null) return undefined;
  const isMap = typeof (kept as Partial<FeatureBytes>).values === "function";
  if (isMap && [...(kept as FeatureBytes).values()].every((map) => typeName(map) === "Uint8Array"))
    return kept as FeatureBytes;
  throw badOption(`store of features: ${key} needs the Map of Uint8Array that set() was given, or nothing`);
}
