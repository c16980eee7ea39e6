/** The legacy stream and the tar file of old PyTorch, made by hand and damaged. */

import { describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/weights/open.js";
import { bufferSource } from "../../src/weights/source.js";
import { fixture, refusal } from "./fixtures.js";
import { fields, floats } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makeLegacy } from "./make-pth.js";

async function values(bytes: Uint8Array): Promise<number[]> {
  const checkpoint = await openCheckpoint(bufferSource(bytes));
  return [...(await checkpoint.read("w"))];
}

describe("the legacy stream", () => {
  const object = P.dict({ w: P.tensor(P.storage("FloatStorage", "k", 4), 0, [4], [1]) });
  const good = floats(1, 2, 3, 4);
  test("hand-made", async () => expect(await values(makeLegacy(object, { k: [4, good] }))).toEqual([1, 2, 3, 4]));
  test("count that differs from the pickle", async () => {
    expect(await refusal(makeLegacy(object, { k: [3, good] }), "x.pth")).toMatch(
      /"k" should have 4 elements and says 3/,
    );
  });
  test("unknown and missing keys", async () => {
    expect(await refusal(makeLegacy(object, { k: [4, good], x: [4, good] }), "x.pth")).toMatch(
      /names "x" that no tensor uses/,
    );
    expect(await refusal(makeLegacy(object, {}), "x.pth")).toMatch(/storage "k", which is missing/);
  });
  test("one key, two sizes", async () => {
    const both = P.dict({
      a: P.tensor(P.storage("FloatStorage", "k", 4), 0, [4], [1]),
      b: P.tensor(P.storage("FloatStorage", "k", 5), 0, [4], [1]),
    });
    expect(await refusal(makeLegacy(both, { k: [4, good] }), "x.pth")).toMatch(/does not make sense/);
  });
  test("bytes behind the last storage", async () => {
    for (const extra of [1, 8, 4096]) {
      const bytes = new Uint8Array([...makeLegacy(object, { k: [4, good] }), ...new Uint8Array(extra)]);
      expect(await refusal(bytes, "x.pth")).toMatch(
        new RegExp(`last storage ends at byte \\d+, and ${extra} bytes follow that belong to no tensor; it is damaged`),
      );
    }
  });
  test("big-endian, other protocols, cut inside each pickle", async () => {
    const bytes = fixture("legacy.pth");
    const big = bytes.slice();
    big[73] = 0x89; // little_endian: False
    expect(await refusal(big, "x.pth")).toMatch(/not little-endian/);
    const other = bytes.slice();
    other[18] = 0xea; // protocol 1002
    expect(await refusal(other, "x.pth")).toMatch(/has protocol 1002; this reader knows 1001/);
    for (const length of [10, 17, 60, 500, 1000])
      expect(await refusal(bytes.slice(0, length), "x.pth")).toMatch(/ends in the middle/);
  });
});

test("tar: a storage that claims more than the file has", async () => {
  const bytes = fixture("tar.pth");
  // In `storages` the first int64 count (108) follows its pickle; find it and make it enormous.
  const needle = fields([108, 8]);
  const place = bytes.findIndex((_, i) => i > 3000 && needle.every((byte, k) => bytes[i + k] === byte));
  expect(place).toBeGreaterThan(0);
  bytes.set(fields([1n << 60n, 8]), place);
  expect(await refusal(bytes, "x.pth")).toMatch(/claims 1152921504606846976 elements, but \d+ bytes are left/);
});
