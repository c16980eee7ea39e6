/** Timings: each part is counted once, and `total` is their sum and what the caller waited. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Comparison, ComparisonSet, fileSource, loadFcn, openCheckpoint } from "../src/node.js";
import type { Fcn, NodePicture, Timings } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { noisePicture } from "./helpers/pictures.js";
import { nextTurn, pause } from "./helpers/promises.js";

const device = useDevice();
const PHOTOGRAPH = "samples/photographs/chelsea.png";
const ICONS = "weights/fcn-resnet101-w16-icons-f16.safetensors";
const PARTS = ["queued", "decode", "compile", "upload", "encode", "gpu", "readback"] as const;
/** Rounding of the sums, in milliseconds. */
const ROUNDING = 1e-6;

let fcn: Fcn<NodePicture>;
beforeAll(async () => {
  fcn = await loadFcn({ device: device(), variant: "fcn32s" });
});
afterAll(() => fcn.dispose());

/** Checks that all parts are there and none is negative; gives their sum. */
function checked(timings: Timings): number {
  expect(Object.keys(timings).sort()).toEqual([...PARTS, "total"].sort());
  let sum = 0;
  for (const part of PARTS) {
    expect(timings[part], part).toBeGreaterThanOrEqual(0);
    sum += timings[part];
  }
  expect(Math.abs(timings.total - sum)).toBeLessThan(ROUNDING);
  return timings.total;
}

/** A clock around a call, which can only be longer than what the call says. */
async function waited<T>(call: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await call(), performance.now() - start];
}

/** A file whose bytes come when it is told. */
class SlowBlob extends Blob {
  /** When they were asked for, on the clock of performance.now(). */
  asked: number | undefined;
  open = (): void => undefined;
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  override async arrayBuffer(): Promise<ArrayBuffer> {
    this.asked ??= performance.now();
    await this.#opened;
    return super.arrayBuffer();
  }
}

describe("a call", () => {
  it("says where its time went", async () => {
    const [{ timings }, ms] = await waited(() => fcn.segment(PHOTOGRAPH));
    expect(checked(timings)).toBeLessThanOrEqual(ms);
    expect([timings.decode > 0, timings.compile > 0, timings.gpu > 0]).toEqual([true, true, true]);
    expect((await fcn.segment(PHOTOGRAPH)).timings.compile, "its plan was kept").toBe(0);
    const scores = await fcn.probabilities(noisePicture(20, 30));
    checked(scores.timings);
  });

  it("counts what it waits for a file, and nothing else, as decode", async () => {
    const file = new SlowBlob([readFileSync(PHOTOGRAPH)]);
    const slow = fcn.segment(file);
    while (file.asked === undefined) await nextTurn();
    const next = fcn.segment(noisePicture(20, 30));
    const waiting = performance.now();
    await pause(60);
    const readable = performance.now();
    file.open();
    const [first, second] = [(await slow).timings, (await next).timings];
    const end = performance.now();
    checked(first);
    checked(second);
    expect(first.decode).toBeGreaterThanOrEqual(readable - file.asked);
    expect(second.decode, "its pixels were there").toBeLessThanOrEqual(end - readable);
    const run = first.total - first.queued - first.decode;
    expect(second.queued, "the second waited for the first").toBeGreaterThanOrEqual(
      readable - waiting + run - ROUNDING,
    );
  });
});

it("a picture in bands counts what it reads back once", async () => {
  const cut = await loadFcn({ device: device(), variant: "fcn32s", resize: "none", tile: 64 });
  const picture = noisePicture(400, 300);
  await cut.probabilities(picture);
  const [{ timings }, ms] = await waited(() => cut.probabilities(picture));
  const { bands, ...times } = timings;
  expect(bands).toBeGreaterThan(2);
  expect(times.readback).toBeGreaterThan(0);
  expect(checked(times)).toBeLessThanOrEqual(ms);
  cut.dispose();
});

describe("calls at once", () => {
  it("count the GPU's work once: what a call waits for others is queued", async () => {
    await fcn.warmup(48, 64);
    const pictures = Array.from({ length: 6 }, (_, i) => noisePicture(48, 64, i + 1));
    const [results, ms] = await waited(() => Promise.all(pictures.map((picture) => fcn.segment(picture))));
    const totals = results.map(({ timings }) => checked(timings));
    expect(Math.max(...totals)).toBeLessThanOrEqual(ms);
    const own = results.map(({ timings: { queued, total } }) => total - queued);
    expect(
      own.reduce((sum, each) => sum + each, 0),
      "no time is counted twice",
    ).toBeLessThanOrEqual(ms + 1);
  });

  it("so do the pictures of a stream", async () => {
    const pictures = Array.from({ length: 6 }, (_, i) => noisePicture(48, 64, i + 1));
    const start = performance.now();
    let gpu = 0;
    for await (const { timings } of fcn.segmentAll(pictures)) {
      expect(checked(timings)).toBeLessThanOrEqual(performance.now() - start);
      gpu += timings.gpu;
    }
    expect(gpu).toBeLessThanOrEqual(performance.now() - start);
  });

  it("and those of a batch, which all wait for the last", async () => {
    const pictures = [noisePicture(48, 64), noisePicture(20, 30), noisePicture(48, 64, 2)];
    const [results, ms] = await waited(() => fcn.segmentBatch(pictures));
    const totals = results.map(({ timings }) => checked(timings));
    expect(Math.max(...totals) - Math.min(...totals)).toBeLessThan(ROUNDING);
    expect(totals[0]).toBeLessThanOrEqual(ms);
    expect(results[0]?.timings).toEqual(results[2]?.timings);
  });
});

describe("a comparison", () => {
  it("says the same, and takes what segment() takes", async () => {
    const checkpoint = await openCheckpoint(await fileSource(ICONS));
    const comparison = await Comparison.open(device(), checkpoint);
    const set = await ComparisonSet.open(device(), [checkpoint]);
    const file = new Blob([readFileSync("test/fixtures/val/15.png")]);
    for (const compared of [comparison, set]) {
      const { timings, run, labels } = await compared.run("test/fixtures/val/15.png", { scores: true });
      checked(timings);
      const { upload, encode, gpu, readback } = timings;
      expect(run).toBe(upload + encode + gpu + readback);
      expect((await compared.run(file)).labels).toEqual(labels);
      compared.dispose();
    }
    await checkpoint.close();
  });
});
