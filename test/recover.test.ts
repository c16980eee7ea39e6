/** A lost device: what was in flight rejects, one event, and the model comes back on another device with the same labels. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Comparison } from "../src/models/comparison.js";
import { fileSource, loadFcn, openCheckpoint, requestDevice } from "../src/node.js";
import type { Fcn, FcnError, NodePicture } from "../src/node.js";
import { watchMemory } from "./helpers/live-memory.js";

const picture = (height: number, width: number) => ({
  width,
  height,
  data: new Uint8Array(width * height * 4).map((_, i) => (i * 31) & 255),
});
const SMALL = picture(48, 64);
const weights = fileURLToPath(new URL("../weights/fcn-resnet101-w16-icons-f16.safetensors", import.meta.url));
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "resolves",
    (error: FcnError) => error.code ?? error,
  );
const turn = (ms = 5): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
const lose = (fcn: { readonly device: Fcn["device"] }): void => fcn.device.gpu.destroy();

let right: Uint8Array;
beforeAll(async () => {
  const fcn = await loadFcn();
  right = (await fcn.segment(SMALL)).labels;
  fcn.dispose();
});

const open: { dispose(): void }[] = [];
afterAll(() => open.forEach((one) => one.dispose()));
const load = async (options: Parameters<typeof loadFcn>[0] = {}): Promise<Fcn<NodePicture>> => {
  const fcn = await loadFcn(options);
  open.push(fcn);
  return fcn;
};

describe("recover()", () => {
  it.each([
    ["in the middle of a run", true],
    ["between two calls", false],
  ])("brings a model back whose device went %s", async (_, running) => {
    const fcn = await load();
    await fcn.segment(SMALL);
    const first = fcn.device;
    const calls = running ? [fcn.segment(SMALL), fcn.segment(picture(33, 40))].map(codeOf) : [];
    if (running) await turn();
    lose(fcn);
    expect(await Promise.all(calls)).toEqual(calls.map(() => "device-lost"));
    const back = fcn.recover();
    const next = fcn.segment(SMALL); // waits for the recovery
    await back;
    expect((await next).labels).toEqual(right);
    expect(fcn.device).not.toBe(first);
    expect(first.disposed).toBe(true);
  });

  it("does so again and again, and does nothing while the device is well", async () => {
    const fcn = await load();
    for (let i = 0; i < 3; i++) {
      expect((await fcn.segment(SMALL)).labels).toEqual(right);
      const { device } = fcn;
      await fcn.recover();
      expect(fcn.device).toBe(device);
      lose(fcn);
      await Promise.all([fcn.recover(), fcn.recover()]);
      expect(fcn.device).not.toBe(device);
    }
  });

  it.each([
    ["a path", () => weights],
    ["bytes", () => new Uint8Array(readFileSync(weights))],
    ["a Blob", () => new Blob([readFileSync(weights)])],
  ])("reads weights again from %s", async (_, source) => {
    const fcn = await load({ weights: source() });
    await fcn.segment(SMALL);
    lose(fcn);
    await fcn.recover();
    expect((await fcn.segment(SMALL)).labels).toEqual(right);
  });

  it("frees what was on the lost device, and later what is on the new one", async () => {
    const fcn = await load({ maxPlans: 2 });
    const before = watchMemory(fcn.device);
    for (const [h, w] of [
      [48, 64],
      [33, 40],
      [20, 20],
    ] as const)
      await fcn.segment(picture(h, w));
    expect(before.count).toBeGreaterThan(0);
    lose(fcn);
    await fcn.recover();
    await turn();
    expect([before.count, before.bytes]).toEqual([0, 0]);
    expect(fcn.memory).toEqual({ weights: 0, plans: 0 });
    const after = watchMemory(fcn.device);
    await fcn.segment(SMALL);
    expect(after.bytes).toBe(fcn.memory.weights + fcn.memory.plans);
    fcn.dispose();
    await turn();
    expect(after.count).toBe(0);
  });

  it("takes a device of the caller's, where the model was given one", async () => {
    const [one, two] = [await requestDevice(), await requestDevice()];
    open.push(one, two);
    const fcn = await load({ device: one });
    await fcn.segment(SMALL);
    lose(fcn);
    await expect(fcn.recover()).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringMatching(/open another one and give it to recover/) as string,
    });
    expect(await codeOf(fcn.recover(one)), "the lost one").toBe("device-lost");
    await fcn.recover(two);
    expect((await fcn.segment(SMALL)).labels).toEqual(right);
    fcn.dispose();
    await turn();
    expect(two.disposed).toBe(false);
  });

  it("leaves the model as it was when the device it is given is gone, and can be tried again", async () => {
    const fcn = await load();
    await fcn.segment(SMALL);
    lose(fcn);
    const gone = await requestDevice();
    gone.dispose();
    expect(await codeOf(fcn.recover(gone))).toBe("disposed");
    expect(await codeOf(fcn.segment(SMALL))).toBe("device-lost");
    await fcn.recover();
    expect((await fcn.segment(SMALL)).labels).toEqual(right);
  });

  it("rejects with disposed after dispose()", async () => {
    const fcn = await load();
    lose(fcn);
    fcn.dispose();
    expect(await codeOf(fcn.recover())).toBe("disposed");
  });

  it("brings back a comparison", async () => {
    const checkpoint = await openCheckpoint(await fileSource(weights));
    const comparison = new Comparison(await requestDevice(), checkpoint, { openDevice: () => requestDevice() });
    open.push(comparison);
    const events: FcnError[] = [];
    comparison.onLost((error) => events.push(error));
    const before = await comparison.run(SMALL);
    lose(comparison);
    expect(await codeOf(comparison.run(SMALL))).toBe("device-lost");
    await comparison.recover();
    expect((await comparison.run(SMALL)).labels).toEqual(before.labels);
    expect(events.map((error) => error.code)).toEqual(["device-lost"]);
  });
});

describe('recover: "auto"', () => {
  it("brings the model back at the next call; what was in flight rejects", async () => {
    const fcn = await load({ recover: "auto" });
    await fcn.segment(SMALL);
    const running = codeOf(fcn.segment(SMALL));
    await turn();
    lose(fcn);
    const queued = fcn.segment(SMALL);
    expect(await running).toBe("device-lost");
    expect((await queued).labels).toEqual(right);
  });

  it.each([
    [
      "a device of the caller's",
      async () => load({ recover: "auto", device: await requestDevice().then((d) => (open.push(d), d)) }),
      /cannot go with a device of yours/,
    ],
    ["another word", () => load({ recover: "always" as "auto" }), /"always" is not one of manual, auto/],
  ])("is refused with %s", async (_, loading, message) => {
    await expect(loading()).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringMatching(message) as string,
    });
  });
});

describe("onLost", () => {
  it("hears of each loss once, whether or not a call was in flight, until it is taken off", async () => {
    const fcn = await load();
    const [heard, short]: [string[], string[]] = [[], []];
    fcn.onLost((error) => heard.push(error.code));
    const off = fcn.onLost((error) => short.push(error.message));
    for (let i = 1; i <= 2; i++) {
      const calls = i === 1 ? [] : [1, 2, 3].map(() => codeOf(fcn.segment(SMALL)));
      await turn();
      lose(fcn);
      await Promise.all(calls);
      await turn(30);
      expect(heard).toEqual(Array(i).fill("device-lost"));
      off();
      await fcn.recover();
    }
    expect(short).toEqual([expect.stringMatching(/^the GPU device ".+" was lost: /)]);
  });

  it("is silent after dispose()", async () => {
    const fcn = await loadFcn();
    const heard: string[] = [];
    fcn.onLost((error) => heard.push(error.code));
    fcn.dispose();
    await turn(30);
    expect(heard).toEqual([]);
  });
});
