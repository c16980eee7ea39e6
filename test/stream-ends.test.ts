/** fcn.segmentAll when its consumer stops, and when its source of pictures fails or never answers. */
import { EventEmitter, on } from "node:events";
import { beforeAll, describe, expect, it } from "vitest";
import { inOrder } from "../src/base/in-order.js";
import { loadFcn, requestDevice } from "../src/node.js";
import type { Fcn, NodePicture, Segmentation } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { watchMemory } from "./helpers/live-memory.js";
import { nextTurn, pause } from "./helpers/promises.js";
import { STREAM, countedSource, expectedLabels, readAll } from "./helpers/streams.js";

const device = useDevice();
let expected: Uint8Array[];
beforeAll(async () => {
  expected = await expectedLabels(device());
});

describe("the consumer", () => {
  type Consume = (fcn: Fcn<NodePicture>, source: Iterable<NodePicture>) => Promise<unknown>;
  it.each<[string, Consume, unknown]>([
    [
      "breaks",
      async (fcn, source) => {
        for await (const { width } of fcn.segmentAll(source)) if (width === 40) break;
      },
      undefined,
    ],
    [
      "throws",
      async (fcn, source) => {
        for await (const { width } of fcn.segmentAll(source)) if (width === 40) throw new Error("of the consumer");
      },
      "Error: of the consumer",
    ],
    [
      "calls return() before the first result",
      async (fcn, source) => {
        const results = fcn.segmentAll(source);
        void results.next();
        await results.return();
      },
      undefined,
    ],
  ])("%s: the source is closed, nothing is left in flight, and the model goes on", async (_, consume, error) => {
    const own = await requestDevice();
    const live = watchMemory(own);
    const fcn = await loadFcn({ device: own, variant: "fcn32s" });
    const { source, counts } = countedSource();
    expect(await consume(fcn, source).then(() => undefined, String)).toEqual(error);
    expect([counts.closed, counts.read <= 6]).toEqual([1, true]);
    expect((await fcn.segment(STREAM[0] as NodePicture)).labels).toEqual(expected[0]);
    fcn.dispose();
    await pause();
    expect([live.count, live.bytes]).toEqual([0, 0]);
    live.stop();
    own.dispose();
  });

  it("gets each result when it is ready, though the next picture has not arrived", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    const camera = new EventEmitter();
    async function* frames(): AsyncGenerator<NodePicture> {
      for await (const [frame] of on(camera, "frame") as AsyncIterable<[NodePicture]>) yield frame;
    }
    const results = fcn.segmentAll(frames());
    const labels: Uint8Array[] = [];
    for (const frame of STREAM.slice(0, 3)) {
      const next = results.next();
      await pause();
      camera.emit("frame", frame);
      // Once this waited until the third frame came.
      labels.push(((await next).value as Segmentation).labels);
    }
    expect(labels).toEqual(expected.slice(0, 3));
    fcn.dispose();
  });
});

describe("the source", () => {
  function* breaking(): Generator<NodePicture> {
    yield* STREAM.slice(0, 2);
    throw new Error("of the source");
  }
  async function* breakingLater(): AsyncGenerator<NodePicture> {
    await nextTurn();
    yield* breaking();
  }

  it.each([
    ["sync", breaking],
    ["async", breakingLater],
  ])("throws (%s): the results before it come first, then its error", async (_, source) => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    const { labels, end } = await readAll(fcn.segmentAll(source()));
    expect(end).toBe("Error: of the source");
    expect(labels).toEqual(expected.slice(0, 2));
    expect((await fcn.segment(STREAM[0] as NodePicture)).labels).toEqual(labels[0]);
    fcn.dispose();
  });

  it("that never answers delays neither a signal nor a consumer that stops", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    let closed = 0;
    const silent = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => Promise.resolve({ done: true as const, value: closed++ }),
      }),
    };
    const control = new AbortController();
    const stream = readAll(fcn.segmentAll(silent, { signal: control.signal }));
    await pause();
    control.abort(new Error("enough"));
    expect((await stream).end).toBe("Error: enough");
    expect(closed).toBe(1);
    fcn.dispose();
  });

  it("of promises gives their values; a rejection comes in its turn", async () => {
    const items = [Promise.resolve(1), 2, Promise.reject(new Error("third"))] as unknown as number[];
    const seen: number[] = [];
    const readToEnd = async (): Promise<void> => {
      for await (const n of inOrder(items, 3, async (item) => item * 10)) seen.push(n);
    };
    await expect(readToEnd()).rejects.toThrow("third");
    expect(seen).toEqual([10, 20]);
  });
});
