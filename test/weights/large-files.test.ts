/** Files of 2^31 bytes and more: Node ends the process at one read of so many, and its digest refuses them. */
import { expect, test, vi } from "vitest";
import { verified } from "../../src/weights/default-checkpoint.js";
import { fileSource } from "../../src/weights/file-source.js";
import { checkedSource } from "../../src/weights/source.js";

const LENGTH = 2 ** 31 + 64;
const reads: number[] = [];

/** Memory that nobody writes to costs nothing. */
const handle = {
  stat: async () => Promise.resolve({ isFIFO: () => false, isFile: () => true, size: 2 ** 40 }),
  read: async (bytes: Uint8Array, at: number, count: number, position: number) => {
    expect([bytes.length, at + count <= bytes.length, position >= at]).toEqual([LENGTH, true, true]);
    reads.push(count);
    return Promise.resolve({ bytesRead: count });
  },
  close: async () => Promise.resolve(),
};
vi.mock("node:fs/promises", async (original) => ({
  ...(await original<object>()),
  open: async () => Promise.resolve(handle),
}));

const sums: number[] = [];
vi.mock("../../src/weights/digest/import-sha256.js", () => ({
  importSha256: async () =>
    Promise.resolve({
      Sha256: class {
        update = (bytes: Uint8Array) => (sums.push(bytes.length), this);
        hex = (): string => "ab".repeat(32);
      },
    }),
}));

test("are read in parts", async () => {
  const source = await fileSource("large.safetensors");
  expect(await source.read(100, LENGTH)).toHaveLength(LENGTH);
  expect(reads.reduce((sum, count) => sum + count, 0)).toBe(LENGTH);
  expect(Math.max(...reads)).toBeLessThan(2 ** 31);
  await expect(source.read(0, 2 ** 39)).rejects.toMatchObject({
    code: "bad-weights",
    message: expect.stringMatching(
      /^large\.safetensors: there is no memory for 549755813888 bytes at once \(/,
    ) as string,
  });
  await source.close();
});

test("are checked against a SHA-256", async () => {
  const source = checkedSource("large", LENGTH, { read: async (_, length) => Promise.resolve(new Uint8Array(length)) });
  expect((await verified(source, "AB".repeat(32))).size).toBe(LENGTH);
  expect(sums).toEqual([LENGTH]);
});
