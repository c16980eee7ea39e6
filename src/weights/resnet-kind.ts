/**
 * Tells which ResNet a backbone is by its blocks and shapes, so that a file of another ResNet is refused by its name
 * and not with a list of missing tensors. https://arxiv.org/abs/1512.03385, table 1.
 */
import type { Checkpoint } from "./checkpoint.js";
import { badWeights } from "./source.js";

const STAGES = 4;
const RESNET101_BLOCKS = "3, 4, 23, 3";
const NEEDED = "ResNet-101, with 3, 4, 23 and 3 bottleneck blocks, is needed";
/** By the blocks of each stage. */
const KINDS: Readonly<Record<string, string>> = {
  "2, 2, 2, 2": "ResNet-18",
  "3, 4, 6, 3": "ResNet-50", // ResNet-34 has the same numbers without bottlenecks
  "3, 8, 36, 3": "ResNet-152",
};

/** `checkpoint` has our names. @throws bad-weights when its `backbone.*` is plainly not a ResNet-101 */
export function identify(checkpoint: Checkpoint): { readonly width: number } {
  const shape = (name: string): readonly number[] | undefined => checkpoint.tensors.get(`backbone.${name}`)?.shape;
  const width = shape("conv1.weight")?.[0] ?? shape("layer1.0.conv1.weight")?.[0] ?? 64;
  const other = otherBlocks(checkpoint) ?? otherStem(shape) ?? otherConvolutions(shape("layer1.0.conv2.weight"), width);
  if (other !== undefined) throw badWeights(checkpoint.name, `its backbone is ${other}; ${NEEDED}`);
  return { width };
}

/** The kind of ResNet with these blocks; undefined for a ResNet-101's. */
function otherBlocks(checkpoint: Checkpoint): string | undefined {
  const stages = Array.from({ length: STAGES }, () => new Set<string>());
  let hasBottlenecks = false;
  for (const name of checkpoint.tensors.keys()) {
    const [, stage, block, convolution] = /^backbone\.layer([1-4])\.(\d+)\.conv([1-3])\.weight$/.exec(name) ?? [];
    if (block === undefined) continue;
    stages[Number(stage) - 1]?.add(block);
    hasBottlenecks ||= convolution === "3";
  }
  const blocks = stages.map(({ size }) => size).join(", ");
  if (blocks === RESNET101_BLOCKS) return undefined;
  const bottlenecked = KINDS[blocks] ?? "not a ResNet-101";
  const kind = bottlenecked === "ResNet-50" && !hasBottlenecks ? "ResNet-34" : bottlenecked;
  return `${kind} (${blocks} blocks)`;
}

function otherStem(shape: (name: string) => readonly number[] | undefined): string | undefined {
  const deepStem = shape("conv1.0.weight") ?? shape("stem.0.weight");
  if (shape("conv1.weight") !== undefined || deepStem === undefined) return undefined;
  return "a ResNet with a stem of three 3x3 convolutions (ResNet-101-C or -D)";
}

/** `conv2` is the shape of the first 3x3 convolution, [planes, planes / groups, 3, 3]. */
function otherConvolutions(conv2: readonly number[] | undefined, width: number): string | undefined {
  if (conv2?.length !== 4) return undefined;
  const [planes = 0, inputs = 0] = conv2;
  if (inputs < planes) return `a ResNeXt-101 (convolutions in ${planes / inputs} groups)`;
  if (planes !== width) return `a wide ResNet-101 (${planes} planes behind a stem of ${width})`;
  return undefined;
}
