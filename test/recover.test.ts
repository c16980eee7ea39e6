/** A lost device: calls in flight reject, listeners are called, and the model returns on another device. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toRgba } from "../src/image/picture.js";
import { decodePng } from "../src/image/png.js";
import { shrink } from "../src/image/shrink.js";
import { Comparison } from "../src/models/node-comparison.js";
import { fileSource, loadFcn, openCheckpoint, requestDevice } from "../src/node.js";
import type { Device, Fcn, FcnError, NodePicture } from "../src/node.js";
import { destroyAtSubmit } from "./helpers/destroy-device.js";
import { watchMemory } from "./helpers/live-memory.js";
import { noisePicture } from "./helpers/pictures.js";
import { codeOf, pause } from "./helpers/promises.js";

/** The network finds a cat in it. */
const SMALL = shrink(toRgba(decodePng(readFileSync("samples/photographs/chelsea.png"))), 48, 64);
const weights = fileURLToPath(new URL("../weights/fcn-mobilenet-v2-photos-f16.safetensors", import.meta.url));
/** Milliseconds in which a call begins, or a device is freed. */
const SHORTLY = 5;
const lose = (fcn: { readonly device: Fcn["device"] }): void => fcn.device.gpu.destroy();

let expected: Uint8Array;
beforeAll(async () => {
  const fcn = await loadFcn({ resize: "none" });
  expected = (await fcn.segment(SMALL)).labels;
  expect(new Set(expected).size).toBeGreaterThan(1);
  fcn.dispose();
});

const open: { dispose(): void }[] = [];
afterAll(() => open.forEach((one) => one.dispose()));
const openDevice = async (): Promise<Device> => {
  const device = await requestDevice();
  open.push(device);
  return device;
};
const load = async (options: Parameters<typeof loadFcn>[0] = {}): Promise<Fcn<NodePicture>> => {
  const fcn = await loadFcn({ resize: "none", ...options });
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
    if (running) destroyAtSubmit(first.gpu, "after");
    const calls = running ? [fcn.segment(SMALL), fcn.segment(noisePicture(33, 40))].map(codeOf) : [];
    if (!running) lose(fcn);
    expect(await Promise.all(calls)).toEqual(calls.map(() => "device-lost"));
    const back = fcn.recover();
    const next = fcn.segment(SMALL); // waits for the recovery
    await back;
    expect((await next).labels).toEqual(expected);
    expect(fcn.device).not.toBe(first);
    expect(first.disposed).toBe(true);
  });

  it("works again and again, and does nothing while the device works", async () => {
    const fcn = await load();
    for (let i = 0; i < 3; i++) {
      expect((await fcn.segment(SMALL)).labels).toEqual(expected);
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
    expect((await fcn.segment(SMALL)).labels).toEqual(expected);
  });

  it("frees what was on the lost device, and later what is on the new one", async () => {
    const fcn = await load({ maxPlans: 2 });
    const before = watchMemory(fcn.device);
    for (const [h, w] of [
      [48, 64],
      [33, 40],
      [20, 20],
    ] as const)
      await fcn.segment(noisePicture(h, w));
    expect(before.count).toBeGreaterThan(0);
    lose(fcn);
    await fcn.recover();
    await pause(SHORTLY);
    expect([before.count, before.bytes]).toEqual([0, 0]);
    expect(fcn.memory).toEqual({ weights: 0, plans: 0 });
    const after = watchMemory(fcn.device);
    await fcn.segment(SMALL);
    expect(after.bytes).toBe(fcn.memory.weights + fcn.memory.plans);
    fcn.dispose();
    await pause(SHORTLY);
    expect(after.count).toBe(0);
  });

  it("needs a device from the caller, where the model was given one", async () => {
    const [one, two] = [await openDevice(), await openDevice()];
    const fcn = await load({ device: one });
    await fcn.segment(SMALL);
    lose(fcn);
    await expect(fcn.recover()).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringMatching(/open another one and give it to recover/) as string,
    });
    expect(await codeOf(fcn.recover(one)), "the lost one").toBe("device-lost");
    await fcn.recover(two);
    expect((await fcn.segment(SMALL)).labels).toEqual(expected);
    fcn.dispose();
    await pause(SHORTLY);
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
    expect((await fcn.segment(SMALL)).labels).toEqual(expected);
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
    destroyAtSubmit(fcn.device.gpu, "after");
    const running = codeOf(fcn.segment(SMALL));
    const queued = fcn.segment(SMALL);
    expect(await running).toBe("device-lost");
    expect((await queued).labels).toEqual(expected);
  });

  it.each([
    [
      "a device of the caller's",
      async () => load({ recover: "auto", device: await openDevice() }),
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
  it("calls a listener once for each loss, whether or not a call was in flight, until it is unsubscribed", async () => {
    const fcn = await load();
    const heard: string[] = [];
    const heardUntilOff: string[] = [];
    fcn.onLost((error) => heard.push(error.code));
    const off = fcn.onLost((error) => heardUntilOff.push(error.message));
    for (let i = 1; i <= 2; i++) {
      const calls = i === 1 ? [] : [1, 2, 3].map(() => codeOf(fcn.segment(SMALL)));
      await pause(SHORTLY);
      lose(fcn);
      await Promise.all(calls);
      await pause(30);
      expect(heard).toEqual(Array(i).fill("device-lost"));
      off();
      await fcn.recover();
    }
    expect(heardUntilOff).toEqual([expect.stringMatching(/^the GPU device ".+" was lost: /)]);
  });

  it("calls no listener after dispose()", async () => {
    const fcn = await loadFcn();
    const heard: string[] = [];
    fcn.onLost((error) => heard.push(error.code));
    fcn.dispose();
    await pause(30);
    expect(heard).toEqual([]);
  });
});
