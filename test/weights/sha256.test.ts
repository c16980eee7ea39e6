/** SHA-256 in pieces: the examples of NIST, and Node's digests at every length around a block's end. */

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Sha256, sha256OfBlob } from "../../src/weights/digest/sha256.js";

const DATA = Uint8Array.from({ length: 100_003 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

// https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
test.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
])("%j has its published digest", (text, digest) => {
  expect(new Sha256().update(new TextEncoder().encode(text)).hex()).toBe(digest);
});

test("SHA-256 in pieces equals Node's", () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const bytes = DATA.subarray(0, length);
    const hash = new Sha256();
    for (let start = 0; start < length; start += 37) hash.update(bytes.subarray(start, start + 37));
    expect(hash.hex(), `${length} bytes`).toBe(sha256(bytes));
  }
  expect(new Sha256().update(DATA).hex()).toBe(sha256(DATA));
});

test("a Blob's digest does not depend on the size of the pieces", async () => {
  for (const pieceBytes of [1000, 65_536, undefined])
    expect(await sha256OfBlob(new Blob([DATA]), pieceBytes)).toBe(sha256(DATA));
});
