/** AbortSignals: callers are answered at once with the reason, nothing is left behind, the model goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { abortable } from "../src/base/abort.js";
import { Comparison } from "../src/models/node-comparison.js";
import { loadFcn, openCheckpoint, openSource, requestDevice } from "../src/node.js";
import type { Fcn, NodeLoadOptions, NodePicture } from "../src/node.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { useFileServer } from "./helpers/file-server.js";
import { watchMemory } from "./helpers/live-memory.js";
import { noisePicture } from "./helpers/pictures.js";
import { pause, rejectionOf } from "./helpers/promises.js";

const device = useDevice();
const server = useFileServer();
const SMALL = noisePicture(48, 64);

let fcn: Fcn<NodePicture>;
let expected: Uint8Array;
beforeAll(async () => {
  fcn = await loadFcn({ device: device() });
  expected = (await fcn.segment(SMALL)).labels;
});
afterAll(() => fcn.dispose());

const folder = mkdtempSync(join(tmpdir(), "fcn-abort-"));
process.env.FCN_WEBGPU_CACHE = folder;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("is asked by any number of calls with one signal, without Node's warning of a leak", async () => {
  const warned: string[] = [];
  const note = ({ message }: Error): void => void warned.push(message);
  process.on("warning", note);
  const control = new AbortController();
  const calls = Array.from({ length: 20 }, () => fcn.segment(SMALL, { signal: control.signal }));
  calls.push(...Array.from({ length: 20 }, () => abortable(new Promise<never>(() => {}), control.signal)));
  await Promise.all(calls.slice(0, 20));
  control.abort();
  expect(await Promise.all(calls.slice(20).map(rejectionOf))).toEqual(Array(20).fill(control.signal.reason));
  await pause();
  process.off("warning", note);
  expect(warned).toEqual([]);
});

const CALLS: readonly (readonly [string, (signal: AbortSignal) => Promise<unknown>])[] = [
  ["segment", (signal) => fcn.segment(SMALL, { signal })],
  ["segmentBatch", (signal) => fcn.segmentBatch([SMALL, noisePicture(20, 20)], { signal })],
  ["logits", (signal) => fcn.logits(SMALL, { signal })],
  ["probabilities", (signal) => fcn.probabilities(SMALL, { signal })],
  ["warmup", (signal) => fcn.warmup(30, 30, { signal })],
];

describe.each(CALLS)("%s", (_, call) => {
  it("rejects with the reason of a signal that is aborted already, and does nothing", async () => {
    const signal = AbortSignal.abort();
    let reason: unknown;
    const creations = await countingCreations(device(), async () => {
      reason = await rejectionOf(call(signal));
    });
    expect([reason, creations]).toEqual([signal.reason, {}]);
    expect((signal.reason as Error).name).toBe("AbortError");
  });

  it("rejects at once when it is aborted while it runs, and the model goes on", async () => {
    const control = new AbortController();
    const outcome = rejectionOf(call(control.signal));
    await pause();
    const reason = new Error("the user closed the picture");
    control.abort(reason);
    expect(await Promise.race([outcome, pause(0).then(() => "late")])).toBe(reason);
    expect((await fcn.segment(SMALL)).labels).toEqual(expected);
  });

  it("changes nothing when the signal is never aborted, or only afterwards", async () => {
    const control = new AbortController();
    expect(await rejectionOf(call(control.signal))).toBe("resolves");
    control.abort();
    expect((await fcn.segment(SMALL)).labels).toEqual(expected);
  });
});

describe("a call in the queue", () => {
  it("does no work beyond the copy of its pixels when it is aborted before its turn", async () => {
    const reads: number[] = [];
    const control = new AbortController();
    const running = fcn.segment(SMALL);
    const submits = countSubmits();
    const waiting = [77, 78, 79].map((side) => {
      const picture = watchedPicture(side, () => reads.push(side));
      return rejectionOf(fcn.segment(picture, { signal: control.signal }));
    });
    control.abort();
    const names = (await Promise.all(waiting)).map((error) => (error as Error).name);
    expect(names).toEqual(["AbortError", "AbortError", "AbortError"]);
    expect((await running).labels).toEqual(expected);
    await fcn.recover(); // waits for all that is queued
    expect([reads, submits.stop()]).toEqual([[77, 78, 79], 1]); // each read once, by the call itself
  });

  it("is answered with TimeoutError by AbortSignal.timeout", async () => {
    const others = Array.from({ length: 10 }, () => fcn.segment(noisePicture(160, 160)));
    expect(await rejectionOf(fcn.segment(SMALL, { signal: AbortSignal.timeout(1) }))).toMatchObject({
      name: "TimeoutError",
    });
    await Promise.all(others);
  });
});

/** Calls `read` when the picture's data are read. */
function watchedPicture(side: number, read: () => void): NodePicture {
  const plain = noisePicture(side, side);
  return {
    ...plain,
    get data() {
      read();
      return plain.data;
    },
  };
}

function countSubmits(): { stop(): number } {
  const { queue } = device().gpu;
  const submit = queue.submit.bind(queue);
  let count = 0;
  const counted = (...args: Parameters<typeof submit>): void => {
    count++;
    submit(...args);
  };
  Object.defineProperty(queue, "submit", { configurable: true, value: counted });
  return {
    stop() {
      Reflect.deleteProperty(queue, "submit");
      return count;
    },
  };
}

it("a first call that is aborted leaves no plan, and what it loaded is freed with the model", async () => {
  const own = await requestDevice();
  const live = watchMemory(own);
  for (const ms of [0, 3, 10, 30, 60]) {
    const fresh = await loadFcn({ device: own });
    const control = new AbortController();
    const outcome = rejectionOf(fresh.segment(noisePicture(90, 90), { signal: control.signal }));
    await pause(ms);
    control.abort();
    expect(await outcome).toBe(control.signal.reason);
    await fresh.recover(); // waits for what was running
    expect(live.bytes, `${ms} ms`).toBe(fresh.memory.weights + fresh.memory.plans);
    fresh.dispose();
    await pause();
    expect(live.count, `${ms} ms`).toBe(0);
  }
  own.dispose();
});

it("a comparison can be aborted in the same way", async () => {
  const checkpoint = await openCheckpoint(await openSource("weights/fcn-resnet101-w16-icons-f16.safetensors"));
  const comparison = new Comparison(device(), checkpoint);
  const control = new AbortController();
  const outcome = rejectionOf(comparison.run(SMALL, { signal: control.signal }));
  await pause();
  control.abort();
  expect(await outcome).toBe(control.signal.reason);
  expect((await comparison.run(SMALL)).labels.fcn8s).toEqual(expected);
  comparison.dispose();
  await checkpoint.close();
});

describe("loadFcn", () => {
  it.each<[string, NodeLoadOptions]>([
    ["the default weights", {}],
    ["a path", { weights: "weights/fcn-resnet101-w16-icons-f16.safetensors" }],
  ])("rejects with the reason, before or while it loads %s, and closes the device it opened", async (_, options) => {
    const aborted = AbortSignal.abort(new Error("no"));
    expect(await rejectionOf(loadFcn({ ...options, signal: aborted }))).toBe(aborted.reason);
    for (const ms of [0, 1, 5, 20]) {
      const control = new AbortController();
      const outcome = rejectionOf(loadFcn({ ...options, signal: control.signal }));
      await pause(ms);
      control.abort();
      const end = await outcome;
      if (end !== "resolves") expect(end).toBe(control.signal.reason);
    }
  });

  it.each([true, false])("ends a download that hangs (cache: %s)", async (cache) => {
    let closed = 0;
    server.answer = (request, response) => {
      request.on("close", () => closed++);
      response.writeHead(200, { "content-length": 1e6 });
      response.write(new Uint8Array(1000));
    };
    const control = new AbortController();
    const outcome = rejectionOf(
      loadFcn({ weights: `${server.base}/hangs.safetensors`, cache, signal: control.signal }),
    );
    await vi.waitFor(() => expect(server.log).toEqual(["all"]), 5000);
    control.abort();
    expect(await outcome).toBe(control.signal.reason);
    await vi.waitFor(() => expect(closed, "the server sees the connection end").toBe(1), 5000);
  });

  it("keeps the model that it gave when the signal is aborted later", async () => {
    const control = new AbortController();
    const kept = await loadFcn({ device: device(), signal: control.signal });
    control.abort();
    expect((await kept.segment(SMALL)).labels).toEqual(expected);
    kept.dispose();
  });
});

it("abortable() hands a result that comes too late to a function that frees it", async () => {
  const control = new AbortController();
  const late: number[] = [];
  let finish: (value: number) => void = () => undefined;
  const work = new Promise<number>((resolve) => (finish = resolve));
  const outcome = rejectionOf(abortable(work, control.signal, (value) => late.push(value)));
  control.abort();
  expect(await outcome).toBe(control.signal.reason);
  finish(7);
  await pause();
  expect(late).toEqual([7]);
});
