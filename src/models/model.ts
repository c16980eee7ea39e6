/** What a model is besides its device: a network, and what its classes are called. New heads make a new one. */
import type { VariantChoice } from "../kernel/choice.js";
import { checkKernels } from "../plan/check-kernels.js";
import type { Assembled } from "./build-network.js";
import { probeGraphs } from "./probe-graphs.js";
import type { PreparedNetwork } from "./output-graph.js";
import { IMAGENET, checkPreprocessing, checkResize } from "./preprocessing.js";
import type { Preprocessing, Resize } from "./preprocessing.js";

export interface ModelOptions {
  /** Default: as the network was trained. */
  readonly preprocessing?: Preprocessing | undefined;
  /** Shorter side of what the network sees. Default: as the network was trained. */
  readonly resize?: Resize | undefined;
  readonly kernels?: VariantChoice | undefined;
}

export interface LoadedModel extends PreparedNetwork {
  readonly classNames: readonly string[];
  readonly notice: string | undefined;
}

/** @throws bad-option */
export function modelOf(assembled: Assembled, options: ModelOptions): LoadedModel {
  const { network, description, classNames, notice } = assembled;
  const { preprocessing = network.preprocessing ?? IMAGENET, kernels } = options;
  const model = {
    ...{ network, description, classNames, notice },
    preprocessing: checkPreprocessing(preprocessing),
    resize: checkResize(options.resize ?? network.resize ?? "none"),
  };
  if (kernels) checkKernels(probeGraphs(model), kernels);
  return model;
}
