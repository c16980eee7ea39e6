/**
 * Which ResNet a backbone is, told by its blocks and shapes, so that a file of another one is refused with its name instead of a
 * list of missing tensors. https://arxiv.org/abs/1512.03385, table 1.
 */
import type { Checkpoint } from "./checkpoint.js";
import { badWeights } from "./source.js";

const RESNET101 = "3,4,23,3";
const KINDS: Readonly<Record<string, string>> = {
  "2,2,2,2": "ResNet-18",
  "3,4,6,3": "ResNet-50",
  "3,8,36,3": "ResNet-152",
};

/** `checkpoint` has our names. @throws bad-weights when its `backbone.*` is plainly not a ResNet-101 */
export function identify(checkpoint: Checkpoint): { readonly width: number } {
  const blocks = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  let bottleneck = false;
  for (const name of checkpoint.tensors.keys()) {
    const match = /^backbone\.layer([1-4])\.(\d+)\.conv([1-3])\.weight$/.exec(name);
    if (!match) continue;
    blocks[Number(match[1]) - 1]?.add(match[2] as string);
    bottleneck ||= match[3] === "3";
  }
  const counts = blocks.map((set) => set.size).join(",");
  const needs = "ResNet-101, with 3, 4, 23 and 3 bottleneck blocks, is needed";
  const refuse = (what: string): never => {
    throw badWeights(checkpoint.name, `its backbone is ${what}; ${needs}`);
  };
  const shape = (name: string): readonly number[] | undefined => checkpoint.tensors.get(`backbone.${name}`)?.shape;
  if (counts !== RESNET101) {
    const plain = counts === "3,4,6,3" && !bottleneck ? "ResNet-34" : KINDS[counts];
    refuse(`${plain ?? "no ResNet-101"} (${counts.replaceAll(",", ", ")} blocks)`);
  }
  if (shape("conv1.weight") === undefined && (shape("conv1.0.weight") ?? shape("stem.0.weight"))) {
    refuse("a ResNet with a stem of three 3x3 convolutions (ResNet-101-C or -D)");
  }
  const width = shape("conv1.weight")?.[0] ?? shape("layer1.0.conv1.weight")?.[0] ?? 64;
  const spatial = shape("layer1.0.conv2.weight");
  if (spatial?.length === 4 && (spatial[1] as number) < (spatial[0] as number))
    refuse(`a ResNeXt-101 (convolutions in ${(spatial[0] as number) / (spatial[1] as number)} groups)`);
  if (spatial?.length === 4 && spatial[0] !== width)
    refuse(`a wide ResNet-101 (${spatial[0] ?? 0} planes behind a stem of ${width})`);
  return { width };
}
