/** Backbones that several checkpoints have in common: how they are found, and how their steps come once in a graph. */
import type { Kernel } from "../kernel/kernel.js";
import type { Attrs } from "../kernel/problem.js";
import type { Weight } from "../kernel/weight.js";
import { Graph, Value } from "../plan/graph.js";
import type { Checkpoint, TensorInfo } from "../weights/checkpoint.js";

/** What the tensors of a backbone, and the labels of its steps, begin with. */
const BACKBONE = "backbone.";

const tensorsOf = ({ tensors }: Checkpoint): TensorInfo[] =>
  [...tensors.values()].filter(({ name }) => name.startsWith(BACKBONE));

/**
 * Whether two checkpoints under our names have the same backbone: the same tensors with the same values. Values are
 * read until two differ. @throws bad-weights when a tensor cannot be read
 */
export async function haveSameBackbone(a: Checkpoint, b: Checkpoint): Promise<boolean> {
  if (a === b) return true;
  const own = tensorsOf(a);
  const areAlike = own.every(({ name, shape }) => b.tensors.get(name)?.shape.join() === shape.join());
  if (!areAlike || own.length !== tensorsOf(b).length) return false;
  for (const { name } of own) {
    const [left, right] = await Promise.all([a.read(name), b.read(name)]);
    if (!haveSameBits(left, right)) return false;
  }
  return true;
}

function haveSameBits(a: Float32Array<ArrayBuffer>, b: Float32Array<ArrayBuffer>): boolean {
  const [left, right] = [
    new Uint32Array(a.buffer, a.byteOffset, a.length),
    new Uint32Array(b.buffer, b.byteOffset, b.length),
  ];
  return left.length === right.length && left.every((bits, i) => bits === right[i]);
}

type Operands = Readonly<Record<string, Value | Weight | undefined>>;
type Outputs = Readonly<Record<string, Value>>;

/**
 * A graph in which networks over equal backbones have one: a step of the backbone that is there already, with the same
 * inputs, gives the values of the first one, whose weights are used. Labels of other steps begin with `scope`.
 */
export class SharedBackboneGraph extends Graph {
  /** Set before a network is added. */
  scope = "";
  readonly #steps = new Map<string, Outputs>();
  readonly #ids = new Map<Value, number>();

  override append(label: string, kernel: Kernel, args: Operands, attrs: Attrs = {}): Outputs {
    if (!label.startsWith(BACKBONE)) return super.append(this.scope + label, kernel, args, attrs);
    const key = JSON.stringify([label, kernel.name, this.#inputsOf(args), attrs]);
    const outputs = this.#steps.get(key) ?? super.append(label, kernel, args, attrs);
    this.#steps.set(key, outputs);
    return outputs;
  }

  /** Numbers of the values among the operands, by their keys. */
  #inputsOf(args: Operands): [key: string, id: number][] {
    return Object.entries(args).flatMap(([key, operand]) => {
      if (!(operand instanceof Value)) return [];
      const id = this.#ids.get(operand) ?? this.#ids.size;
      this.#ids.set(operand, id);
      return [[key, id]];
    });
  }
}
