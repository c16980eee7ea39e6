/** Lost devices and aborted calls in a real browser: the right errors, recovery, and the right labels afterwards. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadFcn } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { openLibraryPage } from "./helpers/page.js";
import type { LibraryGlobal, OpenPage } from "./helpers/page.js";
import { agreement } from "./helpers/reference-maps.js";

const SIDE = 96;
/** RGBA of a picture of SIDE x SIDE pixels, as numbers that can be sent to the page. */
const PIXELS: readonly number[] = Array.from({ length: SIDE * SIDE * 4 }, (_, i) => (i * 31) & 255);
const device = useDevice();

let open: OpenPage;
let expected: Uint8Array;
beforeAll(async () => {
  open = await openLibraryPage();
  const fcn = await loadFcn({ device: device() });
  expected = (await fcn.segment({ width: SIDE, height: SIDE, data: Uint8Array.from(PIXELS) })).labels;
  fcn.dispose();
});
afterAll(() => open.close());

interface LossInput {
  readonly recover: "manual" | "auto";
  readonly side: number;
  readonly pixels: readonly number[];
  /** Path of the weights; null for the default. */
  readonly weights: string | null;
}

/** Runs in the page: destroys the device during a run, recovers, and segments again. */
async function loseDevice({ recover, side, pixels, weights }: LossInput) {
  const { library } = globalThis as unknown as LibraryGlobal;
  const picture = { width: side, height: side, data: Uint8Array.from(pixels) };
  const codeOf = async (call: Promise<unknown>): Promise<string> => {
    try {
      await call;
      return "resolves";
    } catch (error) {
      const { code, name } = error as { code?: string; name: string };
      return code ?? name;
    }
  };
  const source = weights === null ? {} : { weights: new URL(weights, location.href) };
  const fcn = await library.loadFcn({ recover, ...source });
  const events: string[] = [];
  fcn.onLost((error) => events.push(error.code));
  await fcn.segment(picture);
  const first = fcn.device;
  const calls = [codeOf(fcn.segment(picture))];
  if (recover === "manual") calls.push(codeOf(fcn.logits(picture)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  first.gpu.destroy();
  const codes = await Promise.all(calls);
  if (recover === "manual") {
    codes.push(await codeOf(fcn.segment(picture)));
    await fcn.recover();
  }
  const { labels } = await fcn.segment(picture);
  const replaced = fcn.device !== first && first.disposed;
  fcn.dispose();
  return { codes, events, labels: Array.from(labels), replaced };
}

describe("GPUDevice.destroy() in the middle of a run", () => {
  it.each([
    ["manual", null, ["device-lost", "device-lost", "device-lost"]],
    ["manual", "/weights/fcn-resnet101-w16-icons-f16.safetensors", ["device-lost", "device-lost", "device-lost"]],
    ["auto", null, ["device-lost"]],
  ] as const)("with recover: %s and weights from %s", async (recover, weights, codes) => {
    const result = await open.page.evaluate(loseDevice, { recover, side: SIDE, pixels: PIXELS, weights });
    expect([result.codes, result.events, result.replaced]).toEqual([codes, ["device-lost"], true]);
    expect(agreement(result.labels, expected)).toBeGreaterThanOrEqual(0.999);
  });
});

/** Runs in the page: aborts a run, and segments again. */
async function abortRun({ side, pixels }: Pick<LossInput, "side" | "pixels">) {
  const { library } = globalThis as unknown as LibraryGlobal;
  const picture = { width: side, height: side, data: Uint8Array.from(pixels) };
  const fcn = await library.loadFcn();
  const controller = new AbortController();
  const outcome = fcn.segment(picture, { signal: controller.signal }).then(
    () => "resolves",
    (error: Error) => error.name,
  );
  setTimeout(() => controller.abort(), 20);
  const name = await outcome;
  const { labels } = await fcn.segment(picture);
  fcn.dispose();
  return { name, labels: Array.from(labels) };
}

it("a call that is aborted rejects with AbortError, and the model goes on", async () => {
  const { name, labels } = await open.page.evaluate(abortRun, { side: SIDE, pixels: PIXELS });
  expect(name).toBe("AbortError");
  expect(agreement(labels, expected)).toBeGreaterThanOrEqual(0.999);
});

it("asks no other host, and logs no error", () => {
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
