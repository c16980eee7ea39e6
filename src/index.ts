/**
 * fcn-webgpu for browsers, workers and bundlers. In Node import `fcn-webgpu/node`, which adds the `webgpu` package,
 * paths and picture files.
 * @module fcn-webgpu
 */
import { abortable } from "./base/abort.js";
import { checkKind, checkOptions } from "./base/options.js";
import { requestDevice, runtimeGpu } from "./gpu/request-device.js";
import { holdBrowserImage } from "./models/browser-image.js";
import type { BrowserPicture } from "./models/browser-image.js";
import { CREATE_KINDS, createFrom } from "./models/create.js";
import type { CreateOptions, OpenBackbone } from "./models/create.js";
import { LOAD_KINDS, loadFrom } from "./models/load.js";
import type { LoadOptions } from "./models/load.js";
import type { Fcn } from "./models/segmenter.js";
import { browserTuningStore } from "./tuning/browser-store.js";
import { browserCachedSource, hasBrowserCache } from "./weights/browser-cache.js";
import { WEIGHTS_NAMES, isMeantAsName, namedWeights, withAdvice } from "./weights/catalogue.js";
import type { WeightsName } from "./weights/catalogue.js";
import { verified } from "./weights/default-checkpoint.js";
import { SOURCE_KIND, WEIGHTS_KINDS, checkWeightsOptions } from "./weights/download-options.js";
import type { WeightsOptions } from "./weights/download-options.js";
import { downloadedSource } from "./weights/memory-download.js";
import { badWeights, localSource, quote } from "./weights/source.js";
import type { ByteSource } from "./weights/source.js";
import { isRemote, relativeToPage } from "./weights/urls.js";

/** What a page loads: which network, from which weights, on which device. */
export interface BrowserLoadOptions extends LoadOptions, WeightsOptions {
  /**
   * A checkpoint: a name such as "torchvision/fcn_resnet101", a URL (text is relative to the page), a Blob or File, or
   * bytes, which are not copied. What is downloaded is kept in the browser's cache. Default: "photos", the small one
   * that ships with the package.
   */
  readonly weights?: WeightsName | (string & Record<never, never>) | URL | Blob | ArrayBuffer | Uint8Array;
}

/**
 * A checkpoint's bytes by name, from a URL (by way of the browser's cache), a Blob or memory, for openCheckpoint() and
 * createTrainer().
 * @throws bad-weights, bad-option, the signal's reason
 * @example
 * import { openCheckpoint, openSource } from "fcn-webgpu";
 *
 * const checkpoint = await openCheckpoint(await openSource("/net.pth"));
 * console.log([...checkpoint.tensors.keys()].join("\n"));
 * await checkpoint.close();
 */
export async function openSource(
  weights: NonNullable<BrowserLoadOptions["weights"]>,
  options: WeightsOptions = {},
): Promise<ByteSource> {
  checkKind("openSource: weights", weights, SOURCE_KIND);
  checkWeightsOptions(options);
  const { signal } = options;
  signal?.throwIfAborted();
  return abortable(sourceOf(weights, options), signal, (late) => void late.close());
}

async function sourceOf(
  weights: NonNullable<BrowserLoadOptions["weights"]>,
  options: WeightsOptions,
): Promise<ByteSource> {
  const named = namedWeights(weights);
  // What ships is a small asset of the page, and its digest is checked: the browser's HTTP cache will do.
  if (named?.sha256) return verified(await openUrl(named.url, { ...options, cache: false }), named.sha256);
  if (named) return withAdvice(named, "choose the file", () => openUrl(named.url, options));
  if (typeof weights === "string" && isMeantAsName(weights))
    throw badWeights(quote(weights), `there are no weights of this name; there are ${WEIGHTS_NAMES.join(", ")}`);
  return openUrl(relativeToPage(weights), options);
}

/** A URL's bytes, downloaded where it is remote; those of other weights as they are. */
async function openUrl(
  weights: NonNullable<BrowserLoadOptions["weights"]>,
  { cache = true, ...download }: WeightsOptions,
): Promise<ByteSource> {
  if (!isRemote(weights)) return localSource(weights);
  return cache && hasBrowserCache() ? browserCachedSource(weights, download) : downloadedSource(weights, download);
}

/**
 * Loads a network and makes it ready for pictures. Without options it is FCN-8s with the weights that ship.
 * @throws no-webgpu, no-adapter, bad-weights, bad-option, disposed or device-lost (the device given), the signal's
 * reason
 * @example
 * import { loadFcn } from "fcn-webgpu";
 *
 * const image = document.querySelector("img");
 * if (!image) throw new Error("the page has no picture");
 * const fcn = await loadFcn({ onProgress: ({ loaded, total }) => console.log(loaded, total) });
 * console.log((await fcn.segment(image)).names.join());
 */
export async function loadFcn(options: BrowserLoadOptions = {}): Promise<Fcn<BrowserPicture>> {
  checkOptions("loadFcn({ weights: ... })", options, { ...LOAD_KINDS, ...WEIGHTS_KINDS, weights: SOURCE_KIND });
  const { sources, rest } = withSources(options);
  return loadFrom(sources, rest);
}

/** A backbone, heads in memory, and what loadFcn takes besides. */
export interface BrowserCreateOptions extends CreateOptions, WeightsOptions {
  /**
   * What `weights` of loadFcn takes, with or without heads of its own; or a checkpoint that is open, which stays yours
   * and must stay open; or its tensors by name, which are not copied.
   */
  readonly backbone: NonNullable<BrowserLoadOptions["weights"]> | OpenBackbone;
}

/**
 * Makes a network of a backbone and heads in memory, for any number of classes. `fcn.setHeads()` replaces the heads.
 * @throws bad-weights naming all tensors that are missing, mis-shaped or unexpected; as loadFcn()
 * @example
 * import { createFcn } from "fcn-webgpu";
 *
 * const weight = { shape: [2, 256, 1, 1], data: new Float32Array(512) }; // from your training
 * const bias = { shape: [2], data: Float32Array.of(0, 1) };
 * const heads = { fcn32s: { "score32.weight": weight, "score32.bias": bias } };
 * const fcn = await createFcn({ backbone: "photos", heads, classNames: ["field", "road"] });
 * console.log(fcn.classNames.join());
 */
export async function createFcn(options: BrowserCreateOptions): Promise<Fcn<BrowserPicture>> {
  checkOptions("createFcn({ backbone: ..., heads: ... })", options, { ...CREATE_KINDS, ...WEIGHTS_KINDS });
  const { backbone, ...loading } = options;
  return createFrom(backbone, loading, () => withSources({ ...loading, weights: backbone as string }));
}

/** Options of loadFcn or createFcn, and where they say that a model comes from. */
function withSources<Options extends Omit<BrowserLoadOptions, "heads">>(options: Options) {
  const { weights = "photos", onProgress, stallTimeout, cache = true, ...rest } = options;
  // Throws where there is no WebGPU, before anything is downloaded in vain.
  if (rest.device === undefined) runtimeGpu();
  const source = { cache, signal: rest.signal, stallTimeout, ...(onProgress && { onProgress }) };
  const sources = {
    openSource: () => openSource(weights, source),
    openDevice: () => requestDevice(),
    holdImage: holdBrowserImage,
    tuning: browserTuningStore(),
  };
  return { sources, rest };
}

export type { Abortable } from "./base/abort.js";
export { FcnError, isFcnError } from "./base/errors.js";
export type { FcnErrorCode } from "./base/errors.js";
export type { AdapterSummary, Pace } from "./gpu/adapter-summary.js";
export { Device } from "./gpu/device.js";
export type { LostListener } from "./gpu/device.js";
export { requestDevice } from "./gpu/request-device.js";
export type { DeviceOptions } from "./gpu/request-device.js";
export { runKernel } from "./gpu/run-kernel.js";
export type { HostWeight, ResidentWeight } from "./gpu/operands.js";
export type { KernelArguments, KernelResults, RunKernelOptions } from "./gpu/run-kernel.js";
export { Tensor } from "./gpu/tensor.js";
export type { TensorOptions } from "./gpu/tensor.js";
export type { DrawablePicture } from "./image/browser-picture.js";
export { labelPng } from "./image/label-png.js";
export { VOC_CLASSES, vocPalette } from "./image/palette.js";
export type { FileBytes, Picture, RgbaPicture } from "./image/picture.js";
export { shrink } from "./image/shrink.js";
export type { VariantChoice, VariantPick } from "./kernel/choice.js";
export type { DType } from "./kernel/layout.js";
export {
  givenConvOutputSize as convOutputSize,
  givenConvTransposeOutputSize as convTransposeOutputSize,
} from "./kernel/given-sizes.js";
export type { PoolWindow, TransposedWindow, Window } from "./kernel/shape.js";
export type { Precision } from "./kernel/variant.js";
export type { Weight } from "./kernel/weight.js";
export type { FeatureStage } from "./layers/backbone.js";
export { givenDecoderGeometry as decoderGeometry } from "./layers/given-geometry.js";
export type { Alignment, DecoderGeometry, EncoderLayer, UpsampleStep } from "./layers/geometry.js";
export { readBrowserPicture as readPicture } from "./models/browser-image.js";
export type { BrowserPicture } from "./models/browser-image.js";
export { COMPARED } from "./models/compared.js";
export type { ComparedVariant } from "./models/compared.js";
export { Comparison, ComparisonSet } from "./models/browser-comparison.js";
export type { ComparisonOptions, ComparisonRunOptions } from "./models/comparison-options.js";
export type { ComparisonResult } from "./models/comparison-result.js";
export type { ComparisonSetOptions, SetGroup, SetNetwork } from "./models/comparison-set.js";
export type { CreateOptions, OpenBackbone } from "./models/create.js";
export { FCN_VARIANTS } from "./models/fcn-head.js";
export type { FcnVariant } from "./models/fcn-head.js";
export type { FeatureOptions, FeaturePlace, FeaturesOn, HostFeatures } from "./models/features.js";
export type { HeadWeights, HeadsOptions, HostTensors } from "./models/head-weights.js";
export type { LayerTime } from "./models/layer-time.js";
export { VARIANTS } from "./models/load.js";
export type { LoadOptions, NetworkVariant, NetworkVariant as Variant } from "./models/load.js";
export type { NetworkCost } from "./models/network-cost.js";
export type { PixelScores } from "./models/pixel-scores.js";
export type { PrecisionOption } from "./models/precision.js";
export type { Preprocessing, Resize } from "./models/preprocessing.js";
export type { Recovery } from "./models/runtime.js";
export type { Timings } from "./models/picture-result.js";
export type { Scores, Segmentation } from "./models/segmentation.js";
export { Fcn } from "./models/segmenter.js";
export type {
  FailedPicture,
  OnError,
  StreamOptions,
  StreamPlace,
  StreamResult,
  StreamedSegmentation,
} from "./models/stream.js";
export type { ComparedCheckpoint } from "./models/set-groups.js";
export type { ComparisonSetResult } from "./models/set-result.js";
export { GivenGraph as Graph } from "./plan/given-graph.js";
export type { Arguments as GraphArguments, Node as GraphNode, Results as GraphResults, Value } from "./plan/graph.js";
export type { Step } from "./plan/lower.js";
export { GpuWeight } from "./plan/gpu-weight.js";
export { GivenPlan as Plan } from "./plan/given-plan.js";
export type { PlanInputs } from "./plan/inputs.js";
export type { PlanOptions, PlanResult, RunTimings } from "./plan/plan-options.js";
export { WeightStore } from "./plan/weight-store.js";
export type { TuneOption } from "./tuning/tune-option.js";
export type { TuningStore } from "./tuning/tuning-store.js";
export type { WeightsName } from "./weights/catalogue.js";
export type { Checkpoint, Container, TensorInfo } from "./weights/checkpoint.js";
export { DEFAULT_CHECKPOINT, defaultCheckpointUrl } from "./weights/default-checkpoint.js";
export type { DownloadProgress, WeightsOptions } from "./weights/download-options.js";
export { openGivenCheckpoint as openCheckpoint, recogniseGiven as recognise } from "./weights/given.js";
export type { Recognised } from "./weights/names.js";
export type { OpenOptions } from "./weights/open.js";
export type { BackboneKind, MobileNetV2Kind, Vgg16Kind } from "./weights/backbone-kind.js";
export type { ResNetKind } from "./weights/resnet-kind.js";
export type { ByteSource, Bytes } from "./weights/source.js";
