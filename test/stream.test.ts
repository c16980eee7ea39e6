/** fcn.segmentAll: order, overlap, errors, stopping early, other calls in between. */
import { describe, expect, it } from "vitest";
import { inOrder } from "../src/base/in-order.js";
import { loadFcn, requestDevice } from "../src/node.js";
import type { NodePicture } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { noisePicture } from "./helpers/pictures.js";
import { pause } from "./helpers/promises.js";

const device = useDevice();
const SIZES = [
  [48, 64],
  [33, 47],
  [48, 64],
  [64, 64],
  [48, 64],
  [33, 47],
  [17, 90],
] as const;
const PICTURES = SIZES.map(([h, w], i) => noisePicture(h, w, i + 1));

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const result of results) seen.push(result);
  return seen;
}

describe("segmentAll", () => {
  it.each([1, 2, 5])("gives what segment() gives, in order, with %i in flight", async (inFlight) => {
    const fcn = await loadFcn({ device: device(), variant: "fcn16s", maxPlans: 2 });
    const alone = [];
    for (const picture of PICTURES) alone.push((await fcn.segment(picture)).labels);
    expect((await all(fcn.segmentAll(PICTURES, { inFlight }))).map(({ labels }) => labels)).toEqual(alone);
    fcn.dispose();
  });

  it("takes pictures as they come, and other calls in between", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn16s" });
    async function* coming(): AsyncGenerator<NodePicture> {
      for (const picture of PICTURES) {
        await pause(1);
        yield picture;
      }
    }
    const stream = all(fcn.segmentAll(coming()));
    const between = await Promise.all(PICTURES.map((picture) => fcn.segment(picture)));
    expect((await stream).map(({ labels }) => labels)).toEqual(between.map(({ labels }) => labels));
    fcn.dispose();
  });

  it("ends at a picture that fails, after the results before it, and the model goes on", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn16s" });
    const results = fcn.segmentAll([
      PICTURES[0] as NodePicture,
      PICTURES[1] as NodePicture,
      "no-such-file.png",
      PICTURES[2] as NodePicture,
    ]);
    expect((await results.next()).value).toMatchObject({ width: 64, height: 48 });
    expect((await results.next()).value).toMatchObject({ width: 47, height: 33 });
    await expect(results.next()).rejects.toMatchObject({ code: "bad-image" });
    expect(await results.next()).toEqual({ done: true, value: undefined });
    expect((await fcn.segment(PICTURES[0] as NodePicture)).width).toBe(64);
    fcn.dispose();
  });

  it("stops when its consumer does, reading no picture beyond those in flight", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn16s" });
    let read = 0;
    function* counted(): Generator<NodePicture> {
      for (;;) {
        read++;
        yield PICTURES[0] as NodePicture;
      }
    }
    for await (const { width } of fcn.segmentAll(counted(), { inFlight: 3 })) if (width === 64) break;
    expect(read).toBe(3);
    fcn.dispose();
  });

  it("rejects with the signal's reason, and what it had in flight disturbs nothing", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn16s" });
    const abort = new AbortController();
    const results = fcn.segmentAll(PICTURES, { signal: abort.signal });
    await results.next();
    abort.abort();
    await expect(all(results)).rejects.toMatchObject({ name: "AbortError" });
    expect((await fcn.segment(PICTURES[0] as NodePicture)).width).toBe(64);
    fcn.dispose();
  });

  it("rejects with device-lost when the device goes in the middle", async () => {
    const own = await requestDevice();
    const fcn = await loadFcn({ device: own, variant: "fcn16s" });
    const results = fcn.segmentAll(PICTURES);
    await results.next();
    own.gpu.destroy();
    await expect(all(results)).rejects.toMatchObject({ code: "device-lost" });
    fcn.dispose();
  });

  it.each([0, -1, 1.5, NaN])("refuses %d in flight", async (inFlight) => {
    const fcn = await loadFcn({ device: device(), variant: "fcn16s" });
    expect(() => fcn.segmentAll([], { inFlight })).toThrow(expect.objectContaining({ code: "bad-option" }));
    fcn.dispose();
  });
});

describe("inOrder", () => {
  it("has as many items under way as it may, and no more", async () => {
    let running = 0;
    let most = 0;
    const work = async (ms: number): Promise<number> => {
      running++;
      most = Math.max(most, running);
      await pause(ms);
      running--;
      return ms;
    };
    expect(await all(inOrder([5, 1, 4, 2, 3], 3, work))).toEqual([5, 1, 4, 2, 3]);
    expect(most).toBe(3);
  });
});
