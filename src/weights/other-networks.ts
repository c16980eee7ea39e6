/** Networks that are not among the backbones here, by names that every file of theirs has. */

/** The first whose sign is among the file's names, one on each line, is meant, unless there is the other one too. */
const OTHERS: readonly (readonly [name: string, sign: RegExp, unless?: RegExp])[] = [
  ["torchvision's LR-ASPP", /\blow_classifier\./],
  ["torchvision's DeepLabV3", /\bclassifier\.0\.convs\./],
  ["a ConvNeXt", /\.(layer_scale|blocks\.0\.gamma)$/m],
  ["torchvision's MobileNetV3", /\bfeatures\.\d+\.block\.\d/],
  ["torchvision's EfficientNet", /\bfeatures\.\d+\.\d+\.block\.\d/],
  ["timm's MobileNetV3", /\bconv_head\.bias$/m, /\bconv_stem\.bias$/m], // MobileNetV2, folded, has both
  ["timm's EfficientNet", /\.se\.conv_reduce\./],
  ["a DenseNet", /\bdenseblock1\./],
  ["a transformer", /\battn\.qkv\.|\bencoder_layer_0\.|\bpatch_embeddings\./],
];

/** The network that these names belong to, in words; undefined for names of none of them. */
export function otherNetwork(names: readonly string[]): string | undefined {
  const text = names.join("\n");
  return OTHERS.find(([, sign, unless]) => sign.test(text) && !unless?.test(text))?.[0];
}

/** Networks with the blocks of a ResNet, by the names below the prefix. */
export function otherResNet(names: readonly string[]): string | undefined {
  const has = (sign: RegExp): boolean => names.some((name) => sign.test(name));
  if (has(/^stage[2-4]\.0\.branches\./)) return "an HRNet";
  return has(/^layer[1-4]\.\d+\.se(_module)?\.\w+\.\w/) ? "an SE-ResNet" : undefined;
}
