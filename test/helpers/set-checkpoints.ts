/** Small checkpoints for sets: the same backbone or another one, under any heads. */
import { hashedTensor, paperFcnTensors, torchvisionFcnTensors } from "../../bench/hashed-weights.js";
import type { HashedTensor } from "../../bench/hashed-weights.js";
import type { Checkpoint } from "../../src/weights/checkpoint.js";
import { hashedCheckpoint } from "./hashed-checkpoint.js";

export interface SmallSet {
  readonly name: string;
  /** Other values in the heads, or also in the backbone. Default: the hashed ones. */
  readonly other?: "heads" | "backbone";
  readonly classes?: number;
  readonly depth?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tensors?: (classes: number, width: number, depth: number) => HashedTensor[];
}

const WIDTH = 4;

/** The paper's networks and torchvision's over one backbone, as one file. */
export const bothHeads: NonNullable<SmallSet["tensors"]> = (...sizes) => [
  ...paperFcnTensors(...sizes),
  ...torchvisionFcnTensors(...sizes).filter(({ name }) => name.startsWith("classifier.")),
];

/** Values of a checkpoint whose heads, or whose last backbone tensor as well, are not the hashed ones. */
export function setValues(other: SmallSet["other"], specs: readonly HashedTensor[]) {
  const lastOfBackbone = specs.findLast(({ name }) => name.startsWith("backbone."))?.name;
  return (name: string, shape: readonly number[]): Float32Array => {
    const isOther = other && (!name.startsWith("backbone.") || (other === "backbone" && name === lastOfBackbone));
    return isOther ? hashedTensor(`other.${name}`, shape) : hashedTensor(name, shape);
  };
}

export function smallCheckpoint({ name, other, classes = 21, depth = 18, ...rest }: SmallSet): Checkpoint {
  const specs = (rest.tensors ?? paperFcnTensors)(classes, WIDTH, depth);
  const metadata = new Map(Object.entries(rest.metadata ?? {}));
  return { ...hashedCheckpoint(specs, setValues(other, specs)), name, metadata };
}
