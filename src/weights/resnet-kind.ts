/**
 * Tells which ResNet a backbone is by its blocks and shapes, so that a file of another network is refused by its name
 * and not with a list of missing tensors. https://arxiv.org/abs/1512.03385, table 1.
 */
import type { Checkpoint } from "./checkpoint.js";
import { badWeights } from "./source.js";

/** A ResNet, of any width. https://arxiv.org/abs/1512.03385 */
export interface ResNetKind {
  /** Tells the kinds apart. */
  readonly family: "resnet";
  /** "ResNet-50". */
  readonly name: string;
  /** Channels of the stem, and planes of the first stage: 64 in the published networks. */
  readonly width: number;
  /** Layers of the published network: 18, 34, 50, 101 or 152. */
  readonly depth: number;
  /** Blocks of each stage. */
  readonly blocks: readonly [number, number, number, number];
  /** Bottlenecks of three convolutions, or basic blocks of two. */
  readonly hasBottlenecks: boolean;
  /** Output channels of a block for each channel of its 3x3 convolutions. */
  readonly expansion: 4 | 1;
}

const PUBLISHED_WIDTH = 64;

const kind = (depth: number, blocks: ResNetKind["blocks"], hasBottlenecks: boolean): ResNetKind => ({
  family: "resnet",
  name: `ResNet-${depth}`,
  width: PUBLISHED_WIDTH,
  depth,
  blocks,
  hasBottlenecks,
  expansion: hasBottlenecks ? 4 : 1,
});

/** The published networks. */
export const RESNETS: readonly ResNetKind[] = [
  kind(18, [2, 2, 2, 2], false),
  kind(34, [3, 4, 6, 3], false),
  kind(50, [3, 4, 6, 3], true),
  kind(101, [3, 4, 23, 3], true),
  kind(152, [3, 8, 36, 3], true),
];
const RESNET101 = RESNETS[3] as ResNetKind;
const STAGES = 4;

/** What the tensors below a prefix say of the backbone's blocks. */
interface Found {
  readonly blocks: readonly number[];
  readonly hasBottlenecks: boolean;
}

function blocksOf({ tensors }: Checkpoint, prefix: string): Found {
  const stages = Array.from({ length: STAGES }, () => new Set<string>());
  let hasBottlenecks = false;
  for (const name of tensors.keys()) {
    if (!name.startsWith(prefix)) continue;
    const [, stage, block, convolution] =
      /^layer([1-4])\.(\d+)\.conv([1-3])\.weight$/.exec(name.slice(prefix.length)) ?? [];
    if (block === undefined) continue;
    stages[Number(stage) - 1]?.add(block);
    hasBottlenecks ||= convolution === "3";
  }
  return { blocks: stages.map(({ size }) => size), hasBottlenecks };
}

const kindOf = (found: Found): ResNetKind | undefined =>
  RESNETS.find((one) => one.blocks.join() === found.blocks.join() && one.hasBottlenecks === found.hasBottlenecks);

/** The kind of the ResNet whose tensors are named so; ResNet-101 where the blocks are of none. */
export function resnetKindOf(checkpoint: Checkpoint, prefix: string): ResNetKind {
  const widthOf = (name: string): number | undefined => checkpoint.tensors.get(`${prefix}${name}`)?.shape[0];
  const width = widthOf("conv1.weight") ?? widthOf("layer1.0.conv1.weight") ?? PUBLISHED_WIDTH;
  return { ...(kindOf(blocksOf(checkpoint, prefix)) ?? RESNET101), width };
}

const WANTED = `one of ${RESNETS.map(({ name }) => name).join(", ")} is needed`;

/** `checkpoint` has our names. @throws bad-weights when its `backbone.*` is plainly none of these ResNets */
export function identifyResNet(checkpoint: Checkpoint): ResNetKind {
  const shape = (name: string): readonly number[] | undefined => checkpoint.tensors.get(`backbone.${name}`)?.shape;
  const { width } = resnetKindOf(checkpoint, "backbone.");
  const found = blocksOf(checkpoint, "backbone.");
  const known = kindOf(found);
  const conv2 = shape("layer1.0.conv2.weight");
  const other = otherBlocks(found, known) ?? otherStem(shape) ?? otherConvolutions(conv2, width, known ?? RESNET101);
  if (known === undefined || other !== undefined)
    throw badWeights(checkpoint.name, `its backbone is ${other}; ${WANTED}`);
  return { ...known, width };
}

/** A ResNet with these blocks, in words; undefined for a known one. */
function otherBlocks({ blocks, hasBottlenecks }: Found, known: ResNetKind | undefined): string | undefined {
  if (known) return undefined;
  return `a ResNet of ${blocks.join(", ")} ${hasBottlenecks ? "bottleneck" : "basic"} blocks`;
}

function otherStem(shape: (name: string) => readonly number[] | undefined): string | undefined {
  const deepStem = shape("conv1.0.weight") ?? shape("stem.0.weight");
  if (shape("conv1.weight") !== undefined || deepStem === undefined) return undefined;
  return "a ResNet with a stem of three 3x3 convolutions (a ResNet-C or -D)";
}

/** `conv2` is the shape of the second convolution, a 3x3: [planes, planes / groups, 3, 3]. */
function otherConvolutions(
  conv2: readonly number[] | undefined,
  width: number,
  { depth }: ResNetKind,
): string | undefined {
  if (conv2?.length !== 4) return undefined;
  const [planes = 0, inputs = 0] = conv2;
  if (inputs < planes) return `a ResNeXt-${depth} (convolutions in ${planes / inputs} groups)`;
  if (planes !== width) return `a wide ResNet-${depth} (${planes} planes behind a stem of ${width})`;
  return undefined;
}
