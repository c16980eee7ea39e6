/** Tensor lists of small ResNet-101 checkpoints in the naming schemes of several libraries. */
import { torchvisionFcnTensors } from "../../bench/hashed-weights.js";
import type { HashedTensor } from "../../bench/hashed-weights.js";

/** Planes of the first stage. */
export const WIDTH = 4;

/** torchvision's fcn_resnet101, with 21 classes and an auxiliary head. */
export const torchvision = torchvisionFcnTensors(21, WIDTH);

/** torchvision's resnet101 without its classifier. */
export const bare = torchvision.flatMap(({ name, shape }) =>
  name.startsWith("backbone.") ? [{ name: name.slice("backbone.".length), shape }] : [],
);

export const prefixed = (prefix: string, specs: readonly HashedTensor[]): HashedTensor[] =>
  specs.map(({ name, shape }) => ({ name: prefix + name, shape }));

/** Hugging Face's names, written out from its module tree and not by undoing the map under test. */
export function huggingFace(): HashedTensor[] {
  return bare.map(({ name, shape }) => {
    const [part = "", ...path] = name.split(".");
    const rest = path.join(".");
    if (part === "conv1") return { name: `embedder.embedder.convolution.${rest}`, shape };
    if (part === "bn1") return { name: `embedder.embedder.normalization.${rest}`, shape };
    const [block = "", module = "", ...leaf] = path;
    const layer = `encoder.stages.${Number(part.slice(5)) - 1}.layers.${block}`;
    if (module === "downsample") {
      const [index, ...end] = leaf;
      return { name: `${layer}.shortcut.${index === "0" ? "convolution" : "normalization"}.${end.join(".")}`, shape };
    }
    const kind = module.startsWith("conv") ? "convolution" : "normalization";
    return { name: `${layer}.layer.${Number(module.slice(-1)) - 1}.${kind}.${leaf.join(".")}`, shape };
  });
}
