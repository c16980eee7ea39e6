/** fcn.segmentAll when something ends in the middle: the model, the device, the consumer, the row of pictures. */
import { on, EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { inOrder } from "../src/models/in-order.js";
import { loadFcn, requestDevice } from "../src/node.js";
import type { Fcn, NodePicture, Segmentation } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { watchMemory } from "./helpers/live-memory.js";

const device = useDevice();
const picture = (height: number, width: number, seed = 1) => ({
  width,
  height,
  data: new Uint8Array(width * height * 4).map((_, i) => (i * 31 * seed) & 255),
});
const PICTURES = Array.from({ length: 12 }, (_, i) => picture(48, i % 3 === 2 ? 40 : 64, i + 1));
const turn = (ms = 0): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? (error as Error).name;
const DISPOSED = "disposed: the model fcn32s was disposed; load it again";

/** How a row went: the labels that came, and the error that ended it. */
async function outcome(
  row: AsyncIterable<Segmentation>,
  each: (seen: number) => unknown = () => undefined,
): Promise<{ labels: Uint8Array[]; end: string }> {
  const labels: Uint8Array[] = [];
  try {
    for await (const segmentation of row) {
      labels.push(segmentation.labels);
      await each(labels.length);
    }
  } catch (error) {
    return { labels, end: `${codeOf(error)}: ${(error as Error).message}` };
  }
  return { labels, end: "all" };
}

/** A row that notes how far it was read, and that it was closed. */
function noted(pictures: readonly NodePicture[] = PICTURES) {
  const notes = { read: 0, closed: 0 };
  function* row(): Generator<NodePicture> {
    try {
      for (const p of pictures) {
        notes.read++;
        yield p;
      }
    } finally {
      notes.closed++;
    }
  }
  return { row: row(), notes };
}

async function right(pictures: readonly NodePicture[] = PICTURES): Promise<Uint8Array[]> {
  const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
  const labels = [];
  for (const p of pictures) labels.push((await fcn.segment(p)).labels);
  fcn.dispose();
  return labels;
}
const expected = await (async () => {
  let made: Uint8Array[] | undefined;
  return async () => (made ??= await right());
})();

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
    const { row, notes } = noted();
    const { labels, end } = await outcome(fcn.segmentAll(row), (seen) => seen === 3 && fcn.dispose());
    expect(end, "not that the device is gone").toBe(DISPOSED);
    // Two more were on their way when the third came; they may have been handed over or not.
    expect(labels.length).toBeGreaterThanOrEqual(3);
    expect(labels).toEqual((await expected()).slice(0, labels.length));
    expect(notes.closed).toBe(1);
    await turn(20);
    if (own) expect([live.count, live.bytes]).toEqual([0, 0]);
    live.stop();
    own?.dispose();
  });

  it("in the turn after a row began: a result is right or says disposed, never that the device is gone", async () => {
    for (const ms of [0, 1, 5, 20]) {
      const fcn = await loadFcn({ variant: "fcn32s" });
      const going = outcome(fcn.segmentAll(PICTURES.slice(0, 4)));
      const calls = PICTURES.slice(0, 4).map((p) =>
        fcn.segment(p).then(
          (s) => s.labels,
          (error: unknown) => `${codeOf(error)}: ${(error as Error).message}`,
        ),
      );
      await turn(ms);
      fcn.dispose();
      const { labels, end } = await going;
      expect(labels).toEqual((await expected()).slice(0, labels.length));
      expect([DISPOSED, "all"]).toContain(end);
      for (const [i, call] of (await Promise.all(calls)).entries()) {
        expect([(await expected())[i], DISPOSED]).toContainEqual(call);
      }
    }
  });

  it("before the row is read at all", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    fcn.dispose();
    const { row, notes } = noted();
    expect(await outcome(fcn.segmentAll(row))).toEqual({ labels: [], end: DISPOSED });
    expect(notes.closed).toBe(1);
  });
});

describe("the device is lost", () => {
  it("and recover() is called in the row: what was in flight rejects, the next row is right", async () => {
    const fcn = await loadFcn({ variant: "fcn32s" });
    const { row, notes } = noted();
    let recovered: Promise<void> | undefined;
    const { labels, end } = await outcome(fcn.segmentAll(row), (seen) => {
      if (seen !== 2) return;
      fcn.device.gpu.destroy();
      recovered = fcn.recover();
    });
    expect([end, notes.closed]).toEqual([expect.stringMatching(/^device-lost: the GPU device .* was lost/), 1]);
    expect(labels).toEqual((await expected()).slice(0, labels.length));
    await recovered;
    expect(await outcome(fcn.segmentAll(PICTURES))).toEqual({ labels: await expected(), end: "all" });
    fcn.dispose();
  });

  it("and the model recovers by itself: the row ends, calls behind it are right", async () => {
    const fcn = await loadFcn({ variant: "fcn32s", recover: "auto" });
    await fcn.segment(PICTURES[0] as NodePicture);
    const going = outcome(fcn.segmentAll(PICTURES), (seen) => seen === 1 && fcn.device.gpu.destroy());
    expect((await going).end).toMatch(/^device-lost: /);
    expect((await fcn.segment(PICTURES[5] as NodePicture)).labels).toEqual((await expected())[5]);
    fcn.dispose();
  });

  it("recover() of a model that is well disturbs no row", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    expect(await outcome(fcn.segmentAll(PICTURES), () => fcn.recover())).toEqual({
      labels: await expected(),
      end: "all",
    });
    fcn.dispose();
  });
});

describe("the consumer", () => {
  it.each<[string, (fcn: Fcn<NodePicture>, row: Iterable<NodePicture>) => Promise<unknown>, unknown]>([
    [
      "breaks",
      async (fcn, row) => {
        for await (const { width } of fcn.segmentAll(row)) if (width === 40) break;
      },
      undefined,
    ],
    [
      "throws",
      async (fcn, row) => {
        for await (const { width } of fcn.segmentAll(row)) if (width === 40) throw new Error("of the consumer");
      },
      "Error: of the consumer",
    ],
    [
      "calls return() before the first result",
      async (fcn, row) => {
        const results = fcn.segmentAll(row);
        void results.next();
        await results.return();
      },
      undefined,
    ],
  ])("%s: the row is closed, nothing is left in flight, and the model goes on", async (_, consume, error) => {
    const own = await requestDevice();
    const live = watchMemory(own);
    const fcn = await loadFcn({ device: own, variant: "fcn32s" });
    const { row, notes } = noted();
    expect(await consume(fcn, row).then(() => undefined, String)).toEqual(error);
    expect([notes.closed, notes.read <= 6]).toEqual([1, true]);
    expect((await fcn.segment(PICTURES[0] as NodePicture)).labels).toEqual((await expected())[0]);
    fcn.dispose();
    await turn();
    expect([live.count, live.bytes]).toEqual([0, 0]);
    live.stop();
    own.dispose();
  });

  it("gets each result when it is there, though the next picture is not", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    const camera = new EventEmitter();
    const results = fcn.segmentAll(
      (async function* () {
        for await (const [frame] of on(camera, "frame") as AsyncIterable<[NodePicture]>) yield frame;
      })(),
    );
    const labels: Uint8Array[] = [];
    for (const frame of PICTURES.slice(0, 3)) {
      const next = results.next();
      await turn();
      camera.emit("frame", frame);
      labels.push(((await next).value as Segmentation).labels); // hung until the third frame came
    }
    expect(labels).toEqual((await expected()).slice(0, 3));
    fcn.dispose();
  });
});

describe("the row of pictures", () => {
  it.each(["sync", "async"])("throws (%s): the results before it come first, then its error", async (kind) => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    function* breaking(): Generator<NodePicture> {
      yield* PICTURES.slice(0, 2);
      throw new Error("of the row");
    }
    const row =
      kind === "sync"
        ? breaking()
        : (async function* () {
            yield* breaking();
          })();
    const { labels, end } = await outcome(fcn.segmentAll(row));
    expect(end).toBe("Error: of the row");
    expect(labels).toEqual((await expected()).slice(0, 2));
    expect((await fcn.segment(PICTURES[0] as NodePicture)).labels).toEqual(labels[0]);
    fcn.dispose();
  });

  it("that never answers holds up neither a signal nor whoever stops", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn32s" });
    let closed = 0;
    const silent = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => Promise.resolve({ done: true as const, value: closed++ }),
      }),
    };
    const control = new AbortController();
    const going = outcome(fcn.segmentAll(silent, { signal: control.signal }));
    await turn();
    control.abort(new Error("enough"));
    expect((await going).end).toBe("Error: enough");
    expect(closed).toBe(1);
    fcn.dispose();
  });

  it("of promises gives what they hold; one that rejects comes in its turn", async () => {
    const row = [Promise.resolve(1), 2, Promise.reject(new Error("third"))] as unknown as number[];
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const n of inOrder(row, 3, async (n) => n * 10)) seen.push(n);
      })(),
    ).rejects.toThrow("third");
    expect(seen).toEqual([10, 20]);
  });
});
