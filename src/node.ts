/**
 * fcn-webgpu for Node: the same as the browser entry, with the device of the `webgpu` package, weights from paths, and
 * pictures from files or their bytes.
 * @module fcn-webgpu/node
 */
import { fileURLToPath } from "node:url";
import { abortable } from "./base/abort.js";
import { badOption, messageOf } from "./base/errors.js";
import { checkKind, checkOptions, isTextOrUrl } from "./base/options.js";
import { requestDevice } from "./gpu/node-device.js";
import type { NodeDeviceOptions } from "./gpu/node-device.js";
import { CREATE_KINDS, createFrom } from "./models/create.js";
import type { CreateOptions, OpenBackbone } from "./models/create.js";
import { LOAD_KINDS, loadFrom } from "./models/load.js";
import type { LoadOptions } from "./models/load.js";
import { holdNodeImage } from "./models/node-image.js";
import type { NodePicture } from "./models/node-image.js";
import type { Fcn } from "./models/segmenter.js";
import { fileTuningStore } from "./tuning/file-store.js";
import { namedWeights } from "./weights/catalogue.js";
import type { NamedWeights, WeightsName } from "./weights/catalogue.js";
import { verified } from "./weights/default-checkpoint.js";
import { cachedSource } from "./weights/disk-cache.js";
import { SOURCE_KIND, WEIGHTS_KINDS, checkWeightsOptions } from "./weights/download-options.js";
import type { WeightsOptions } from "./weights/download-options.js";
import { downloadedSource } from "./weights/memory-download.js";
import { misspeltName, namedSource } from "./weights/named-file.js";
import { proxiedFetch } from "./weights/proxied-fetch.js";
import { pathSource } from "./weights/sharded-source.js";
import { badWeights, isUrl, localSource, quote } from "./weights/source.js";
import type { ByteSource } from "./weights/source.js";
import { isRemote } from "./weights/urls.js";

/** What Node loads: which network, from which weights, on which device. */
export interface NodeLoadOptions extends LoadOptions, WeightsOptions {
  /**
   * A checkpoint: a name such as "torchvision/fcn_resnet101" (`fcn weights` lists them), a path, URL, Blob or bytes.
   * What is downloaded is kept in a cache on disk. Default: "photos", the small one in the package. A name comes before
   * a file of that name, which is "./icons".
   */
  readonly weights?: WeightsName | (string & Record<never, never>) | URL | Blob | ArrayBuffer | Uint8Array;
  /** How to open the device. Not together with `device`. */
  readonly gpu?: NodeDeviceOptions;
}

/** The path of a `file:` URL. @throws bad-option for a URL of another host and for encoded slashes */
function pathOf(url: string | URL): string {
  try {
    return fileURLToPath(String(url));
  } catch (error) {
    throw badOption(`${String(url).slice(0, 200)} names no file of this machine: ${messageOf(error)}`);
  }
}

/** A file of the package. @throws bad-weights with the cure for bundles, whose code is elsewhere */
async function shippedSource(named: NamedWeights): Promise<ByteSource> {
  try {
    return await pathSource(fileURLToPath(named.url));
  } catch (error) {
    const cure =
      "bundlers must leave fcn-webgpu out (external), or copy its dist/weights to where the bundle expects it";
    throw badWeights(quote(named.name), `its file in the package cannot be read (${messageOf(error)}); ${cure}`, error);
  }
}

/**
 * A checkpoint's bytes by name, from a path, a URL (downloaded into the cache first), a Blob or memory, for
 * openCheckpoint() and createTrainer().
 * @throws bad-weights, bad-option, the signal's reason
 * @example
 * import { openCheckpoint, openSource } from "fcn-webgpu/node";
 *
 * const checkpoint = await openCheckpoint(await openSource("photos")); // or "net.pth", or a URL
 * console.log(checkpoint.container, checkpoint.tensors.get("fcn8s.score8.weight")?.shape.join());
 * // prints safetensors 21,32,1,1
 * await checkpoint.close();
 */
export async function openSource(
  weights: NonNullable<NodeLoadOptions["weights"]>,
  options: WeightsOptions = {},
): Promise<ByteSource> {
  checkKind("openSource: weights", weights, SOURCE_KIND);
  checkWeightsOptions(options);
  const { signal } = options;
  signal?.throwIfAborted();
  return abortable(sourceOf(weights, options), signal, (late) => void late.close());
}

async function sourceOf(
  weights: NonNullable<NodeLoadOptions["weights"]>,
  { cache = true, ...download }: WeightsOptions,
): Promise<ByteSource> {
  const named = namedWeights(weights);
  if (named?.sha256) return verified(await shippedSource(named), named.sha256);
  if (named) return namedSource(named, { cache, ...download });
  if (isRemote(weights))
    return cache ? cachedSource(weights, download) : downloadedSource(weights, { fetch: proxiedFetch, ...download });
  if (isTextOrUrl(weights) && /^file:\/\//i.test(String(weights))) return pathSource(pathOf(weights));
  if (typeof weights === "string" && !isUrl(weights)) {
    const problem = misspeltName(weights);
    if (problem !== undefined) throw badWeights(quote(weights), problem);
    return pathSource(weights);
  }
  return localSource(weights);
}

/**
 * Loads a network and makes it ready for pictures. Without options it is FCN-8s with the weights that ship.
 * @throws no-webgpu, no-adapter, bad-weights, bad-option, disposed or device-lost (the device given), the signal's
 * reason
 * @example
 * import { loadFcn } from "fcn-webgpu/node";
 *
 * const fcn = await loadFcn({ variant: "fcn16s" });
 * const { width, height, names } = await fcn.segment("samples/photographs/astronaut.png");
 * console.log(width, height, names.join()); // prints 512 512 background,person
 * fcn.dispose();
 */
export async function loadFcn(options: NodeLoadOptions = {}): Promise<Fcn<NodePicture>> {
  checkOptions("loadFcn({ weights: ... })", options, { ...LOAD_KINDS, ...NODE_KINDS, weights: SOURCE_KIND });
  const { sources, rest } = withSources("loadFcn", options);
  return loadFrom(sources, rest);
}

/** A backbone, heads in memory, and what loadFcn takes besides. */
export interface NodeCreateOptions extends CreateOptions, WeightsOptions, Pick<NodeLoadOptions, "gpu"> {
  /**
   * What `weights` of loadFcn takes, with or without heads of its own; or a checkpoint that is open, which stays yours
   * and must stay open; or its tensors by name, which are not copied.
   */
  readonly backbone: NonNullable<NodeLoadOptions["weights"]> | OpenBackbone;
}

/**
 * Makes a network of a backbone and heads in memory, for any number of classes. `fcn.setHeads()` replaces the heads.
 * @throws bad-weights naming all tensors that are missing, mis-shaped or unexpected; as loadFcn()
 * @example
 * import { createFcn } from "fcn-webgpu/node";
 *
 * const weight = { shape: [2, 256, 1, 1], data: new Float32Array(512) }; // from your training
 * const bias = { shape: [2], data: Float32Array.of(0, 1) };
 * const heads = { fcn32s: { "score32.weight": weight, "score32.bias": bias } };
 * const fcn = await createFcn({ backbone: "photos", heads, classNames: ["field", "road"] });
 * console.log((await fcn.segment("samples/photographs/chelsea.png")).names.join()); // prints road
 * fcn.dispose();
 */
export async function createFcn(options: NodeCreateOptions): Promise<Fcn<NodePicture>> {
  checkOptions("createFcn({ backbone: ..., heads: ... })", options, { ...CREATE_KINDS, ...NODE_KINDS });
  const { backbone, ...loading } = options;
  return createFrom(backbone, loading, () => withSources("createFcn", { ...loading, weights: backbone as string }));
}

const NODE_KINDS = { ...WEIGHTS_KINDS, gpu: "an object such as { adapter: ... }" };

/** Options of loadFcn or createFcn, and where they say that a model comes from. @throws bad-option */
function withSources<Options extends Omit<NodeLoadOptions, "heads">>(call: string, options: Options) {
  const { weights = "photos", gpu, onProgress, stallTimeout, cache = true, ...rest } = options;
  if (gpu && rest.device)
    throw badOption(
      `${call}: gpu says how to open a device, so it cannot go with a device of yours; leave one of the two out`,
    );
  const source = { cache, signal: rest.signal, stallTimeout, ...(onProgress && { onProgress }) };
  const sources = {
    openSource: () => openSource(weights, source),
    openDevice: () => requestDevice(gpu),
    holdImage: holdNodeImage,
    tuning: fileTuningStore(),
  };
  return { sources, rest };
}

export * from "./index.js";
export { requestDevice } from "./gpu/node-device.js";
export type { NodeDeviceOptions } from "./gpu/node-device.js";
export { decodePng, encodeLabelPng, encodePng } from "./image/png.js";
export { Comparison, ComparisonSet } from "./models/node-comparison.js";
export { readPicture } from "./models/node-image.js";
export type { NodePicture } from "./models/node-image.js";
export { fileSource } from "./weights/file-source.js";
