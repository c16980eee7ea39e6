/**
 * 20,000 seeded mutations of small files of every container: each opens or fails with a `bad-weights` error, in under a
 * second, and neither what comes out nor the memory in use grows beyond a small multiple of the file.
 */

import { expect, test } from "vitest";
import { FcnError } from "../../src/base/errors.js";
import { elements } from "../../src/kernel/shape.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { growthLimit } from "../../src/weights/pth/pth-checkpoint.js";
import { bufferSource } from "../../src/weights/source.js";
import { expected, fixture, safetensorsBytes } from "./fixtures.js";
import { concat, fields, makeZip, unzip } from "./make-files.js";

const RUNS = 20_000;

/** mulberry32: small, seeded, good enough to pick bytes. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function seeds(): Uint8Array[] {
  const members = unzip(fixture("training.pth"));
  const header =
    '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"F16","shape":[4],"data_offsets":[24,32]},"c":{"dtype":"I64","shape":[],"data_offsets":[32,40]}} ';
  return [
    ...Object.keys(expected).map(fixture),
    fixture("tar.pth").subarray(0, 6656),
    safetensorsBytes(header, 40),
    safetensorsBytes(header, 40),
    makeZip(members, { deflate: true }),
    makeZip(members, { zip64: true, descriptors: true }),
    makeZip(unzip(fixture("views.pth")), { zip64: true, deflate: true, comment: "c" }),
  ];
}

function mutate(file: Uint8Array, other: Uint8Array, pick: (below: number) => number): Uint8Array {
  let bytes: Uint8Array = file.slice();
  // Half of the edits go where structure is dense: the head and the tail.
  const place = (): number => {
    const zone = pick(4);
    const at =
      zone === 0
        ? pick(Math.min(1200, bytes.length))
        : zone === 1
          ? bytes.length - 1 - pick(Math.min(700, bytes.length))
          : pick(bytes.length);
    return Math.max(0, at);
  };
  for (let edits = 1 + pick(3); edits > 0 && bytes.length > 0; edits--) {
    const at = place();
    switch (pick(7)) {
      case 0:
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
        break;
      case 2:
        bytes[at] = pick(256);
        break;
      case 3: // a length or offset that lies
        for (const [i, byte] of fields([
          [
            0,
            1,
            0xff,
            0xffff,
            0x7fffffff,
            0xffffffff,
            2n ** 63n,
            2n ** 64n - 1n,
            bytes.length,
            bytes.length - 1,
            0x10000000,
          ][pick(11)] ?? 0,
          ([1, 2, 4, 8] as const)[pick(4)] ?? 4,
        ]).entries()) {
          if (at + i < bytes.length) bytes[at + i] = byte;
        }
        break;
      case 4: // cut off
        bytes = bytes.slice(0, pick(3) === 0 ? at : Math.max(at, bytes.length - 1 - pick(64)));
        break;
      case 5: {
        // splice in, from this file or another
        const from = pick(2) === 0 ? bytes : other;
        const start = pick(from.length);
        bytes = concat(bytes.subarray(0, at), from.subarray(start, start + 1 + pick(200)), bytes.subarray(at));
        break;
      }
      default: // leave out
        bytes = concat(bytes.subarray(0, at), bytes.subarray(at + 1 + pick(40)));
    }
  }
  return bytes;
}

test(`${RUNS} mutations end in a checkpoint or a bad-weights error`, { timeout: 180_000 }, async () => {
  const pick = random(20251123);
  const files = seeds();
  const outcomes = { read: 0, refused: 0 };
  const containers = new Map<string, number>();
  let slowest = 0;
  let peak = 0;
  const before = process.memoryUsage().rss;
  for (let run = 0; run < RUNS; run++) {
    const file = files[run % files.length] ?? new Uint8Array(0);
    const bytes = mutate(file, files[pick(files.length)] ?? file, pick);
    const start = process.cpuUsage();
    try {
      const checkpoint = await openCheckpoint(bufferSource(bytes, "fuzz"));
      containers.set(checkpoint.container, (containers.get(checkpoint.container) ?? 0) + 1);
      let out = 0;
      for (const [name, { shape }] of checkpoint.tensors) {
        const values = await checkpoint.read(name);
        if (values.length !== elements(shape)) throw new Error(`run ${run}: ${name} has ${values.length} values`);
        out += values.byteLength;
      }
      if (out > growthLimit(bytes.length)) throw new Error(`run ${run}: ${out} bytes came out of ${bytes.length}`);
      outcomes.read++;
    } catch (error) {
      if (!(error instanceof FcnError) || error.code !== "bad-weights" || error.message.includes("\n")) {
        throw new Error(`run ${run} (file ${run % files.length}): ${String(error)}`, { cause: error });
      }
      outcomes.refused++;
    }
    const { user, system } = process.cpuUsage(start);
    slowest = Math.max(slowest, (user + system) / 1000);
    if (run % 50 === 0) peak = Math.max(peak, process.memoryUsage().rss - before);
  }
  console.log(
    `fuzz: ${JSON.stringify(outcomes)}, ${JSON.stringify(Object.fromEntries(containers))}, slowest ${slowest.toFixed(0)} ms, RSS +${(peak / 2 ** 20).toFixed(0)} MiB`,
  );
  expect(slowest).toBeLessThan(1000); // processor time: what else the machine does must not count
  expect(peak).toBeLessThan(400 * 2 ** 20);
  // Both outcomes in numbers, and every container among those read: otherwise the mutations miss the readers.
  expect(outcomes.read).toBeGreaterThan(RUNS / 20);
  expect(outcomes.refused).toBeGreaterThan(RUNS / 4);
  expect([...containers.keys()].sort()).toEqual(["pth-legacy", "pth-tar", "pth-zip", "safetensors"]);
});
