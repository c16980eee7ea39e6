/**
 * Seeded mutations of small files of every container, 20,000 of raw bytes and 20,000 inside of intact containers: each
 * opens or fails with a `bad-weights` error, in under a second, and neither what comes out nor the memory in use grows
 * beyond a small multiple of the file. FCN_FUZZ=10 tries ten times as many.
 */

import { expect, test } from "vitest";
import { FcnError } from "../../src/base/errors.js";
import { seeded } from "../../src/base/random.js";
import { inspectCheckpoint } from "../../src/cli/inspect-report.js";
import { elements } from "../../src/kernel/shape.js";
import { isReadable } from "../../src/weights/dtype.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { growthLimit } from "../../src/weights/pth/pth-checkpoint.js";
import { bufferSource } from "../../src/weights/source.js";
import { expected, fixture, safetensorsBytes } from "./fixtures.js";
import { floats } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makeLegacy, makePth } from "./make-pth.js";
import { makeZip, unzip } from "./make-zip.js";
import { mutatePickle, mutateSafetensors, mutateZip } from "./mutate-structure.js";
import { mutate } from "./mutate.js";
import type { Pick } from "./mutate.js";

const RUNS = 20_000 * Number(process.env.FCN_FUZZ ?? 1);

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
  for (const [name, { shape, dtype }] of checkpoint.tensors) {
    if (!isReadable(dtype)) {
      await expect(checkpoint.read(name)).rejects.toThrow(/which cannot be read/);
      continue;
    }
    const values = await checkpoint.read(name);
    if (values.length !== elements(shape)) throw new Error(`${name} has ${values.length} values`);
    out += values.byteLength;
  }
  if (out > growthLimit(bytes.length)) throw new Error(`${out} bytes came out of ${bytes.length}`);
  await inspectCheckpoint(checkpoint); // recognises and assembles, or says why not
  return checkpoint.container;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof FcnError && error.code === "bad-weights" && !error.message.includes("\n");

interface Outcome {
  readonly containers: ReadonlyMap<string, number>;
  readonly refused: number;
}

/** Tries mutation after mutation. @throws an Error for anything but a checkpoint or a refusal */
async function tryAll(kind: string, mutation: (run: number) => Uint8Array): Promise<Outcome> {
  const containers = new Map<string, number>();
  let refused = 0;
  let slowest = 0;
  let peak = 0;
  const before = process.memoryUsage().rss;
  for (let run = 0; run < RUNS; run++) {
    const bytes = mutation(run);
    const start = process.cpuUsage();
    try {
      const container = await readAll(bytes);
      containers.set(container, (containers.get(container) ?? 0) + 1);
    } catch (error) {
      if (!isRefusal(error)) throw new Error(`${kind}, run ${run}: ${String(error)}`, { cause: error });
      refused++;
    }
    const { user, system } = process.cpuUsage(start);
    slowest = Math.max(slowest, (user + system) / 1000);
    if (run % 50 === 0) peak = Math.max(peak, process.memoryUsage().rss - before);
  }
  const figures = `slowest ${slowest.toFixed(0)} ms, RSS +${(peak / 2 ** 20).toFixed(0)} MiB`;
  const read = JSON.stringify(Object.fromEntries(containers));
  console.log(`fuzz, ${kind}: ${RUNS - refused} read, ${refused} refused, ${read}, ${figures}`);
  expect(slowest).toBeLessThan(1000); // processor time: what else the machine does must not count
  expect(peak).toBeLessThan(400 * 2 ** 20);
  // Both outcomes in numbers: otherwise the mutations miss the readers.
  expect(RUNS - refused).toBeGreaterThan(RUNS / 20);
  expect(refused).toBeGreaterThan(RUNS / 4);
  return { containers, refused };
}

function seededPick(seed: number): Pick {
  const random = seeded(seed);
  return (below) => Math.floor(random() * below);
}

test(`${RUNS} mutations end in a checkpoint or a bad-weights error`, { timeout: 1_800_000 }, async () => {
  const pick = seededPick(20251123);
  const files = startFiles();
  const { containers } = await tryAll("bytes", (run) => {
    const file = files[run % files.length] ?? new Uint8Array(0);
    return mutate(file, files[pick(files.length)] ?? file, pick);
  });
  expect([...containers.keys()].sort()).toEqual(["pth-legacy", "pth-tar", "pth-zip", "safetensors"]);
});

test(`${RUNS} mutations inside of intact containers do so too`, { timeout: 1_800_000 }, async () => {
  const pick = seededPick(20251128);
  const zips = ["training.pth", "views.pth", "state_dict.pth"].map(fixture);
  const object = P.dict({
    model: P.dict({
      "layer1.0.conv1.weight": P.tensor(P.storage("FloatStorage", "0", 4), 0, [2, 2, 1, 1], [2, 1, 1, 1]),
    }),
    lr: P.int(1),
  });
  zips.push(makePth(object, { "0": floats(1, 2, 3, 4) }));
  const plain = startFiles().find((file) => file[8] === 0x7b) ?? new Uint8Array(0);
  const legacyObject = P.dict({ w: P.tensor(P.storage("FloatStorage", "0", 4), 0, [4], [1]) });
  const { containers } = await tryAll("structure", (run) => {
    if (run % 4 === 0) return mutateSafetensors(plain, pick);
    if (run % 4 === 1) return makeLegacy(mutatePickle(legacyObject, pick), { "0": [4, floats(1, 2, 3, 4)] });
    return mutateZip(zips[run % zips.length] ?? plain, pick);
  });
  expect([...containers.keys()].sort()).toEqual(["pth-legacy", "pth-zip", "safetensors"]);
});
