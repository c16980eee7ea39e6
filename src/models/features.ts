/** Feature maps of a backbone's stages, for your own heads and decoders: on the host, or as tensors on the GPU. */
import { ABORTABLE_KINDS } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { checkKind, checkOptions } from "../base/options.js";
import type { Tensor } from "../gpu/tensor.js";
import type { RgbaPicture } from "../image/picture.js";
import type { Nchw } from "../kernel/shape.js";
import type { Precision } from "../kernel/variant.js";
import type { Backbone } from "../layers/backbone.js";
import type { Graph, Value } from "../plan/graph.js";
import { importOwnHeads } from "./own-heads/import-own-heads.js";
import type { Session } from "./session.js";

/** Where feature maps go. */
export type FeaturePlace = "host" | "gpu";

/** Names the outputs of a plan: where they go, and the stages. */
export type FeatureKind = `features ${FeaturePlace} ${string}`;

/** The feature map of a stage on the host. */
export interface HostFeatures {
  /** [1, C, H, W]. */
  readonly shape: Nchw;
  /** In that order. */
  readonly data: Float32Array;
}

/** What features() gives of a stage. */
export type FeaturesOn<Place extends FeaturePlace> = Place extends "gpu" ? Tensor : HostFeatures;

/** Where features() leaves the maps, and what ends the call. */
export interface FeatureOptions<Place extends FeaturePlace> extends Abortable {
  /** Where the maps go: to the host (default), or nowhere: they stay on the GPU. */
  readonly on?: Place;
}

export const isFeatureKind = (kind: string): kind is FeatureKind => kind.startsWith("features ");

/** Whether outputs of this kind stay on the GPU. */
export const staysOnGpu = (kind: string): boolean => kind.startsWith("features gpu ");

/** A normalised picture to an output for each stage. On the GPU they have the layout of the precision. */
export function addFeatures(
  graph: Graph,
  kind: FeatureKind,
  { backbone, image, precision }: { backbone: Backbone; image: Value; precision: Precision },
): void {
  const [, , list = ""] = kind.split(" ");
  const ofPrecision = precision === "f16" ? "nhwc4-f16" : "nhwc4";
  for (const [name, map] of backbone.features(graph, image, list.split(",")))
    graph.output(name, map, staysOnGpu(kind) ? ofPrecision : undefined);
}

/** What a call of features() asks for. */
export interface FeatureRequest {
  readonly backbone: Backbone;
  readonly names: readonly string[];
  readonly on: FeaturePlace | undefined;
  readonly read: () => Promise<RgbaPicture[]>;
  readonly signal: AbortSignal | undefined;
}

interface FeatureCall<Image> extends Pick<FeatureRequest, "backbone" | "names"> {
  readonly image: Image;
}

/**
 * The feature maps by the names of their stages. Tensors that an aborted caller does not get are freed.
 * @throws bad-option; as Session.run()
 */
export async function featureMaps<Image>(
  session: Session<FeatureKind, Image>,
  { backbone, image, names: given }: FeatureCall<Image>,
  options: FeatureOptions<FeaturePlace>,
): Promise<Record<string, FeaturesOn<FeaturePlace>>> {
  checkOptions("features(picture, names, { on: ... })", options, { ...ABORTABLE_KINDS, on: "a string" });
  checkKind("features: names", given, "an array");
  const names = [...given];
  const { on, signal } = options;
  return session.turnWith(
    [image],
    async (network, call) => {
      const { runFeatures } = await importOwnHeads();
      return runFeatures(network, { backbone, names, on, signal, read: () => call.read() });
    },
    signal,
    (late) => Object.values(late).forEach((map) => "dispose" in map && map.dispose()),
  );
}
