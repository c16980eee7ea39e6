/** fcn.segmentAll when the model or the device ends in the middle. */
import { beforeAll, describe, expect, it } from "vitest";
import { loadFcn, requestDevice } from "../src/node.js";
import type { NodePicture } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { watchMemory } from "./helpers/live-memory.js";
import { pause } from "./helpers/promises.js";
import { DISPOSED, STREAM, countedSource, endOf, expectedLabels, readAll } from "./helpers/streams.js";

const device = useDevice();
let expected: Uint8Array[];
beforeAll(async () => {
  expected = await expectedLabels(device());
});

describe("the model is disposed", () => {
  // With one plan, runs of evicted plans are in flight as well.
  it.each([
    [1, "its own device"],
    [4, "its own device"],
    [1, "a device of the caller"],
    [4, "a device of the caller"],
  ])("with %i plans and %s: pictures that the GPU has come, those behind them reject", async (maxPlans, whose) => {
    const own = whose === "its own device" ? undefined : await requestDevice();
    const fcn = await loadFcn({ variant: "fcn32s", maxPlans, ...(own && { device: own }) });
    const live = watchMemory(fcn.device);
    const { source, counts } = countedSource();
    const { labels, end } = await readAll(fcn.segmentAll(source), (seen) => seen === 3 && fcn.dispose());
    expect(end, "not that the device is gone").toBe(DISPOSED);
    // Two more were on their way when the third came. The GPU may have had them or not.
    expect(labels.length).toBeGreaterThanOrEqual(3);
    expect(labels).toEqual(expected.slice(0, labels.length));
    expect(counts.closed).toBe(1);
    await pause(20);
    if (own) expect([live.count, live.bytes]).toEqual([0, 0]);
    live.stop();
    own?.dispose();
  });

  it("soon after a stream began: a result is right or says disposed, never that the device is gone", async () => {
    for (const ms of [0, 1, 5, 20]) {
      const fcn = await loadFcn({ variant: "fcn32s" });
      const stream = readAll(fcn.segmentAll(STREAM.slice(0, 4)));
      const calls = STREAM.slice(0, 4).map((picture) => fcn.segment(picture).then((s) => s.labels, endOf));
      await pause(ms);
      fcn.dispose();
      const { labels, end } = await stream;
      expect(labels).toEqual(expected.slice(0, labels.length));
      expect([DISPOSED, "all"]).toContain(end);
      for (const [i, call] of (await Promise.all(calls)).entries())
        expect([expected[i], DISPOSED]).toContainEqual(call);
    }
  });

  it("before the stream is read at all", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    fcn.dispose();
    const { source, counts } = countedSource();
    expect(await readAll(fcn.segmentAll(source))).toEqual({ labels: [], end: DISPOSED });
    expect(counts.closed).toBe(1);
  });
});

describe("the device is lost", () => {
  it("and recover() is called in the stream: what was in flight rejects, the next stream is right", async () => {
    const fcn = await loadFcn({ variant: "fcn32s" });
    const { source, counts } = countedSource();
    let recovered: Promise<void> | undefined;
    const { labels, end } = await readAll(fcn.segmentAll(source), (seen) => {
      if (seen !== 2) return;
      fcn.device.gpu.destroy();
      recovered = fcn.recover();
    });
    expect([end, counts.closed]).toEqual([expect.stringMatching(/^device-lost: the GPU device .* was lost/), 1]);
    expect(labels).toEqual(expected.slice(0, labels.length));
    await recovered;
    expect(await readAll(fcn.segmentAll(STREAM))).toEqual({ labels: expected, end: "all" });
    fcn.dispose();
  });

  it("and the model recovers by itself: the stream ends, calls behind it are right", async () => {
    const fcn = await loadFcn({ variant: "fcn32s", recover: "auto" });
    await fcn.segment(STREAM[0] as NodePicture);
    const stream = readAll(fcn.segmentAll(STREAM), (seen) => seen === 1 && fcn.device.gpu.destroy());
    expect((await stream).end).toMatch(/^device-lost: /);
    expect((await fcn.segment(STREAM[5] as NodePicture)).labels).toEqual(expected[5]);
    fcn.dispose();
  });

  it("or not: recover() of a model whose device works disturbs no stream", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    const outcome = await readAll(fcn.segmentAll(STREAM), () => fcn.recover());
    expect(outcome).toEqual({ labels: expected, end: "all" });
    fcn.dispose();
  });
});
