/**
 * 20,000 seeded mutations of small files of every container: each opens or fails with a `bad-weights` error, in under a
 * second, and neither what comes out nor the memory in use grows beyond a small multiple of the file.
 */

import { expect, test } from "vitest";
import { FcnError } from "../../src/base/errors.js";
import { seeded } from "../../src/base/random.js";
import { elements } from "../../src/kernel/shape.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { growthLimit } from "../../src/weights/pth/pth-checkpoint.js";
import { bufferSource } from "../../src/weights/source.js";
import { expected, fixture, safetensorsBytes } from "./fixtures.js";
import { makeZip, unzip } from "./make-zip.js";
import { mutate } from "./mutate.js";

const RUNS = 20_000;

function startFiles(): Uint8Array[] {
  const members = unzip(fixture("training.pth"));
  const header = [
    '{"__metadata__":{"k":"v"}',
    '"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}',
    '"b":{"dtype":"F16","shape":[4],"data_offsets":[24,32]}',
    '"c":{"dtype":"I64","shape":[],"data_offsets":[32,40]}} ',
  ].join(",");
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

/** Opens the file and reads every tensor; gives the container. @throws an Error for too many values or bytes */
async function readAll(bytes: Uint8Array): Promise<string> {
  const checkpoint = await openCheckpoint(bufferSource(bytes, "fuzz"));
  let out = 0;
  for (const [name, { shape }] of checkpoint.tensors) {
    const values = await checkpoint.read(name);
    if (values.length !== elements(shape)) throw new Error(`${name} has ${values.length} values`);
    out += values.byteLength;
  }
  if (out > growthLimit(bytes.length)) throw new Error(`${out} bytes came out of ${bytes.length}`);
  return checkpoint.container;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof FcnError && error.code === "bad-weights" && !error.message.includes("\n");

test(`${RUNS} mutations end in a checkpoint or a bad-weights error`, { timeout: 180_000 }, async () => {
  const random = seeded(20251123);
  const pick = (below: number): number => Math.floor(random() * below);
  const files = startFiles();
  const containers = new Map<string, number>();
  let refused = 0;
  let slowest = 0;
  let peak = 0;
  const before = process.memoryUsage().rss;
  for (let run = 0; run < RUNS; run++) {
    const file = files[run % files.length] ?? new Uint8Array(0);
    const bytes = mutate(file, files[pick(files.length)] ?? file, pick);
    const start = process.cpuUsage();
    try {
      const container = await readAll(bytes);
      containers.set(container, (containers.get(container) ?? 0) + 1);
    } catch (error) {
      if (!isRefusal(error))
        throw new Error(`run ${run} (file ${run % files.length}): ${String(error)}`, { cause: error });
      refused++;
    }
    const { user, system } = process.cpuUsage(start);
    slowest = Math.max(slowest, (user + system) / 1000);
    if (run % 50 === 0) peak = Math.max(peak, process.memoryUsage().rss - before);
  }
  const read = RUNS - refused;
  const figures = `slowest ${slowest.toFixed(0)} ms, RSS +${(peak / 2 ** 20).toFixed(0)} MiB`;
  console.log(`fuzz: ${read} read, ${refused} refused, ${JSON.stringify(Object.fromEntries(containers))}, ${figures}`);
  expect(slowest).toBeLessThan(1000); // processor time: what else the machine does must not count
  expect(peak).toBeLessThan(400 * 2 ** 20);
  // Both outcomes in numbers, and every container among those read: otherwise the mutations miss the readers.
  expect(read).toBeGreaterThan(RUNS / 20);
  expect(refused).toBeGreaterThan(RUNS / 4);
  expect([...containers.keys()].sort()).toEqual(["pth-legacy", "pth-tar", "pth-zip", "safetensors"]);
});
