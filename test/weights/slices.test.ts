/** Slices of tensors, from every container: what they hold, and that no more than they need is read. */
import { describe, expect, test } from "vitest";
import { elements } from "../../src/kernel/shape.js";
import type { Checkpoint } from "../../src/weights/checkpoint.js";
import { isReadable } from "../../src/weights/dtype.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { unpruned } from "../../src/weights/pruned.js";
import { renamed } from "../../src/weights/renamed.js";
import { bufferSource } from "../../src/weights/source.js";
import { hashedFile } from "../helpers/hashed-checkpoint.js";
import { expected, fixture } from "./fixtures.js";

/** Every slice and every pair of slices equals that part of the whole. Gives how many were compared. */
async function compareSlices(checkpoint: Checkpoint): Promise<number> {
  let compared = 0;
  for (const { name, shape, dtype } of checkpoint.tensors.values()) {
    const [slices = 0] = shape;
    if (!isReadable(dtype)) continue;
    const whole = await checkpoint.read(name);
    const slice = elements(shape.slice(1));
    for (const count of [1, 2, slices].filter((some) => some > 0 && some <= slices)) {
      const first = slices - count;
      const part = await checkpoint.readSlices(name, first, count);
      expect([...part]).toEqual([...whole.subarray(first * slice, (first + count) * slice)]);
      compared++;
    }
  }
  return compared;
}

describe("slices of every tensor", () => {
  test.each(Object.keys(expected))("of %s, strided views among them", async (name) => {
    const checkpoint = await openCheckpoint(bufferSource(fixture(name), name));
    expect(await compareSlices(checkpoint)).toBeGreaterThan(0);
    await checkpoint.close();
  });

  test("of safetensors, under other names, and of pruned tensors", async () => {
    const specs = [
      { name: "a", shape: [5, 3, 2] },
      { name: "b_orig", shape: [4, 2] },
      { name: "b_mask", shape: [4, 2] },
    ];
    const file = await openCheckpoint(bufferSource(await hashedFile(specs)));
    expect(await compareSlices(file)).toBe(9);
    expect(await compareSlices(renamed(file, new Map([["ours", "a"]])))).toBe(3);
    expect(await compareSlices(unpruned(file))).toBe(6);
  });
});

test("reads no more than the slices", async () => {
  const bytes = await hashedFile([{ name: "a", shape: [8, 100] }]);
  const lengths: number[] = [];
  const inner = bufferSource(bytes);
  const file = await openCheckpoint({
    ...inner,
    read: async (offset, length) => {
      lengths.push(length);
      return inner.read(offset, length);
    },
  });
  lengths.length = 0;
  await file.readSlices("a", 2, 3);
  expect(lengths).toEqual([3 * 100 * 4]);
});

test.each([
  [-1, 1],
  [0, 0],
  [7, 2],
  [0.5, 1],
  [0, NaN],
])("slices that are not there are an error: %d, %d", async (first, count) => {
  const sentence = `tensor "a" has no slices ${first} to ${first + count}, only 8`;
  const file = await openCheckpoint(bufferSource(await hashedFile([{ name: "a", shape: [8, 2] }])));
  await expect(file.readSlices("a", first, count)).rejects.toThrow(sentence);
  await expect(file.readSlices("b", 0, 1)).rejects.toThrow('it has no tensor "b"');
  const pth = await openCheckpoint(bufferSource(fixture("state_dict.pth"), "pth"));
  const [name = ""] = pth.tensors.keys();
  await expect(pth.readSlices(name, first, first + 1e6)).rejects.toThrow(/has no slices/);
});
