/**
 * fcn-webgpu for Node: the same as the browser entry, with the device of the `webgpu` package, weights from paths, and
 * pictures from PNG files or bytes.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FcnError, messageOf } from "./errors.js";
import type { Picture } from "./image/picture.js";
import { decodePng } from "./image/png.js";
import { LOAD_KINDS, loadFrom } from "./models/load.js";
import type { LoadOptions } from "./models/load.js";
import type { Fcn } from "./models/segmenter.js";
import { badOption, checkKind, checkOptions } from "./options.js";
import { requestDevice } from "./node-device.js";
import type { NodeDeviceOptions } from "./node-device.js";
import { fileTuningStore } from "./node-tuning-store.js";
import { downloadedSource } from "./weights/browser-cache.js";
import { DEFAULT_CHECKPOINT, defaultCheckpointUrl } from "./weights/default-checkpoint.js";
import { cachedSource } from "./weights/disk-cache.js";
import { SOURCE_KIND, WEIGHTS_KINDS, isRemote } from "./weights/download.js";
import type { WeightsOptions } from "./weights/download.js";
import { fileSource } from "./weights/file-source.js";
import { isUrl, localSource } from "./weights/source.js";
import type { ByteSource } from "./weights/source.js";

/** Pixels, the path of a PNG file, or the bytes of one. */
export type NodePicture = Picture | string | URL | Uint8Array;

export interface NodeLoadOptions extends LoadOptions, WeightsOptions {
  /** A checkpoint: path, URL (kept in a cache on disk), Blob or bytes. Without one, the small default that ships with the package. */
  readonly weights?: string | URL | Blob | ArrayBuffer | Uint8Array;
  /** How to open the device, when none is given. */
  readonly gpu?: NodeDeviceOptions;
}

/** Reads a picture. @throws bad-image when the file cannot be read or decoded */
export async function readPicture(image: NodePicture): Promise<Picture> {
  if (image instanceof Uint8Array) return decodePng(image, "PNG bytes");
  if (typeof image !== "string" && !(image instanceof URL)) return image;
  const path = image instanceof URL ? fileURLToPath(image) : image;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : messageOf(error);
    throw new FcnError("bad-image", `${path}: ${why}`, { cause: error });
  }
  return decodePng(bytes, path);
}

/** A checkpoint's bytes from a path, URL (downloaded into the cache first), Blob or memory. @throws bad-weights */
export async function openSource(weights: NonNullable<NodeLoadOptions["weights"]>, options: WeightsOptions = {}): Promise<ByteSource> {
  checkKind("openSource: weights", weights, SOURCE_KIND);
  checkOptions("openSource(weights, { onProgress: ... })", options, WEIGHTS_KINDS);
  const { cache = true, ...download } = options;
  options.signal?.throwIfAborted();
  if (isRemote(weights)) return cache ? cachedSource(weights, download) : downloadedSource(weights, download);
  if (typeof weights === "string" && !isUrl(weights)) return fileSource(weights);
  if (weights instanceof URL && weights.protocol === "file:") return fileSource(fileURLToPath(weights));
  return localSource(weights);
}

/**
 * Loads a network and makes it ready for pictures.
 * @throws no-webgpu, no-adapter, bad-weights, bad-option, disposed or device-lost (the device given), the signal's reason
 */
export async function loadFcn(options: NodeLoadOptions = {}): Promise<Fcn<NodePicture>> {
  const kinds = { ...LOAD_KINDS, ...WEIGHTS_KINDS, weights: SOURCE_KIND, gpu: "an object such as { adapter: ... }" };
  checkOptions("loadFcn({ weights: ... })", options, kinds);
  const { weights, gpu, onProgress, cache = true, ...rest } = options;
  if (gpu && rest.device) throw badOption("loadFcn: gpu says how to open a device, so it cannot go with a device of yours; leave one of the two out");
  const source = { cache, signal: rest.signal, ...(onProgress && { onProgress }) };
  const checked = weights === undefined ? { sha256: DEFAULT_CHECKPOINT.sha256, ...rest } : rest;
  return loadFrom(() => openSource(weights ?? defaultCheckpointUrl(), source), checked, readPicture, () => requestDevice(gpu), fileTuningStore());
}

export * from "./index.js";
export { requestDevice } from "./node-device.js";
export type { NodeDeviceOptions } from "./node-device.js";
export { decodePng, encodeLabelPng, encodePng } from "./image/png.js";
export { fileSource } from "./weights/file-source.js";
