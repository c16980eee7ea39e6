/** Work that grows with the number and the length of names, not with their square. */
import { expect, test } from "vitest";
import { describeInspection, inspectCheckpoint } from "../../src/cli/inspect-report.js";
import type { Checkpoint, TensorInfo } from "../../src/weights/checkpoint.js";
import { convertCheckpoint } from "../../src/weights/convert-checkpoint.js";
import { recognise } from "../../src/weights/names.js";
import { hashedCheckpoint } from "../helpers/hashed-checkpoint.js";
import { bare, prefixed } from "../helpers/naming-schemes.js";

const MANY = 200_000;

/** The checkpoint with further scalars. */
function withMore(file: Checkpoint, names: readonly string[]): Checkpoint {
  const tensors = new Map<string, TensorInfo>(file.tensors);
  for (const name of names) tensors.set(name, { name, shape: [1], dtype: "f32" });
  return { ...file, tensors };
}

/** Calls of an array iterator's next() while `work` runs: items that loops and spreads go through. */
function itemsVisited(work: () => void): number {
  const prototype = Object.getPrototypeOf([][Symbol.iterator]()) as Iterator<unknown>;
  const next = Reflect.get(prototype, "next") as (this: unknown, ...args: unknown[]) => IteratorResult<unknown>;
  let count = 0;
  prototype.next = function counted(...args) {
    count++;
    return next.apply(this, args);
  };
  try {
    work();
  } finally {
    prototype.next = next;
  }
  return count;
}

test("200,000 tensors beside a backbone are ignored", () => {
  const names = Array.from({ length: MANY }, (_, i) => `extra.${i}`);
  const found = recognise(withMore(hashedCheckpoint(prefixed("backbone.", bare)), names));
  expect(found.ignored).toHaveLength(MANY);
  expect(found.description).toContain("200000 other tensors ignored");
});

test("inspect visits the names of one group a fixed number of times", async () => {
  const inspected = async (count: number): Promise<number> => {
    const names = Array.from({ length: count }, (_, i) => `block.${i}.weight`);
    const found = await inspectCheckpoint(withMore(hashedCheckpoint([]), names));
    let text: string[] = [];
    const visited = itemsVisited(() => void (text = describeInspection(found)));
    expect(text.join()).toContain(`${count} tensors`);
    return visited;
  };
  const [few, many] = [await inspected(1000), await inspected(4000)];
  expect(many).toBeLessThan(5 * few);
});

test("names of 300,000 digits are read and refused", () => {
  const digits = "1".repeat(300_000);
  const names = ["weight", "bias", "running_mean", "running_var"].map((part) => `${digits}x.${part}`);
  const norm = withMore(hashedCheckpoint([]), names);
  expect(() => convertCheckpoint(norm, { foldBatchNorm: true })).toThrow(/cannot be folded/);
  expect(() => recognise(norm)).toThrow(/are not a backbone's;/);
});
