/**
 * Checkpoints as callers hand them to the public functions: what they got is checked first. loadFcn opens its own and
 * needs none of this, so a page that segments does not load it.
 */
import { badOption } from "../base/errors.js";
import { checkKind, checkOptions, typeName } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import type { Checkpoint, TensorInfo } from "./checkpoint.js";
import { recognise } from "./names.js";
import type { Recognised } from "./names.js";
import { openCheckpoint } from "./open.js";
import type { OpenOptions } from "./open.js";
import type { Bytes, ByteSource } from "./source.js";

const SOURCE_KINDS: Kinds<ByteSource> = { name: "a string", size: "a number", read: "a function", close: "a function" };

/**
 * Reads names, shapes and dtypes; tensor bytes are read later, on demand. The checkpoint takes over the source and
 * closes it; it is closed at once when opening fails.
 * @throws bad-weights, bad-option for something that is not a source
 * @example
 * import { openCheckpoint, openSource } from "fcn-webgpu/node";
 *
 * const checkpoint = await openCheckpoint(await openSource("photos"));
 * const bias = await checkpoint.read("fcn32s.score32.bias");
 * console.log(checkpoint.container, bias.length); // prints safetensors 21
 * await checkpoint.close();
 */
export async function openGivenCheckpoint(source: ByteSource, options: OpenOptions = {}): Promise<Checkpoint> {
  checkOptions("openCheckpoint(source, { stateDict: ... })", options, { stateDict: "a string" });
  const given: unknown = source;
  for (const [key, kind] of Object.entries(SOURCE_KINDS))
    checkKind(`openCheckpoint: source.${key}`, (given as Readonly<Record<string, unknown>> | null)?.[key], kind);
  const { name, size } = source;
  const read = async (offset: number, length: number): Promise<Bytes> => {
    const bytes = await source.read(offset, length);
    checkKind("openCheckpoint: what source.read() gives", bytes, "a Uint8Array");
    return new Uint8Array(bytes); // of a Buffer too, whose slice() is a view
  };
  return openCheckpoint({ name, size, read, close: async () => source.close() }, options);
}

/**
 * Recognises the origin of a checkpoint and maps its names to ours.
 * @throws bad-weights for anything but a known backbone, with or without heads; bad-option for something that is no
 * checkpoint
 * @example
 * import { openCheckpoint, openSource, recognise } from "fcn-webgpu/node";
 *
 * const checkpoint = await openCheckpoint(await openSource("photos"));
 * const { architecture, backbone, variants } = recognise(checkpoint);
 * console.log(architecture, backbone.name, variants.join()); // prints fcn MobileNetV2 fcn8s,fcn16s,fcn32s
 * await checkpoint.close();
 */
export function recogniseGiven(checkpoint: Checkpoint): Recognised {
  checkCheckpoint("recognise", checkpoint);
  return recognise(checkpoint);
}

/** @throws bad-option when `checkpoint` is something else */
export function checkCheckpoint(call: string, checkpoint: Checkpoint): void {
  const { name, tensors, metadata } = (checkpoint as Partial<Checkpoint> | undefined) ?? {};
  const areMaps = typeName(tensors) === "Map" && typeName(metadata) === "Map";
  const isCheckpoint = areMaps && typeof name === "string" && [...(tensors ?? [])].every(isTensor);
  if (!isCheckpoint)
    throw badOption(`${call}: checkpoint must be one that openCheckpoint() gives, got ${typeName(checkpoint)}`);
}

const isTensor = ([key, info]: readonly [unknown, Partial<TensorInfo> | undefined]): boolean =>
  typeof key === "string" && info?.name === key && Array.isArray(info.shape);
