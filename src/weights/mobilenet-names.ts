/** MobileNetV2's names: torchvision's, which are ours, and timm's. */

/** Index in `features` of the first block of each of timm's stages: they have 1, 2, 3, 4, 3, 3 and 1 blocks. */
const FIRST_BLOCKS = [1, 2, 4, 7, 11, 14, 17];
/** torchvision's index of the last convolution, which comes after the blocks. */
const LAST = 18;

/** The parts of a block in timm's names: module to torchvision's, without an expansion and with one. */
const PLAIN: Readonly<Record<string, string>> = { conv_dw: "0.0", bn1: "0.1", conv_pw: "1", bn2: "2" };
const EXPANDED: Readonly<Record<string, string>> = {
  conv_pw: "0.0",
  bn1: "0.1",
  conv_dw: "1.0",
  bn2: "1.1",
  conv_pwl: "2",
  bn3: "3",
};
const OUTER: Readonly<Record<string, string>> = {
  conv_stem: "features.0.0",
  bn1: "features.0.1",
  conv_head: `features.${LAST}.0`,
  bn2: `features.${LAST}.1`,
};

/** The name itself where it is the backbone's: blocks, and the convolutions and context after them. */
export function mobileNetName(name: string): string | undefined {
  return /^(features\.\d+|fc6|context|fc7)\./.test(name) ? name : undefined;
}

/** A network of timm's with other blocks, in words, by its names. EfficientNet-Lite and others name theirs the same. */
export function otherTimmBlocks(names: readonly string[]): string | undefined {
  const counts = FIRST_BLOCKS.map((_, stage) => {
    const found = names.map((name) => name.match(`^blocks\\.${stage}\\.\\d+`)?.[0]);
    return new Set(found.filter(Boolean)).size;
  });
  const isOurs = counts.every(
    (count, stage) => count === (FIRST_BLOCKS[stage + 1] ?? LAST) - (FIRST_BLOCKS[stage] ?? 0),
  );
  return isOurs ? undefined : `timm's EfficientNet-Lite, MNASNet, FBNet or another (${counts.join()} blocks)`;
}

/** torchvision's name of a tensor of timm's mobilenetv2. */
export function timmMobileNetName(name: string): string | undefined {
  const [, stage, index, part = "", leaf = ""] = /^blocks\.(\d)\.(\d+)\.(\w+)\.(\w+)$/.exec(name) ?? [];
  if (stage === undefined) {
    const [module = "", tensor = ""] = name.split(".");
    const outer = Object.hasOwn(OUTER, module) ? OUTER[module] : undefined;
    return outer === undefined ? undefined : `${outer}.${tensor}`;
  }
  const first = FIRST_BLOCKS[Number(stage)];
  const parts = stage === "0" ? PLAIN : EXPANDED;
  if (first === undefined || !Object.hasOwn(parts, part)) return undefined;
  return `features.${first + Number(index)}.conv.${parts[part] ?? ""}.${leaf}`;
}
