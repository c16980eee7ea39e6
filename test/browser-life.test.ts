/** The life of a device in a real browser: lost in the middle of a run, a typed error, recovery, the right answer. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Library from "../src/index.js";
import { loadFcn } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { openPage } from "./helpers/page.js";
import type { OpenPage } from "./helpers/page.js";
import { agreement } from "./helpers/reference-maps.js";

const SIDE = 96;
const pattern = (i: number): number => (i * 31) & 255;
const device = useDevice();

let open: OpenPage;
let right: Uint8Array;
beforeAll(async () => {
  open = await openPage(
    '<script type="module">import * as library from "/dist/src/index.js"; globalThis.library = library;</script>',
  );
  await open.page.waitForFunction(() => "library" in globalThis);
  const fcn = await loadFcn({ device: device() });
  right = (
    await fcn.segment({ width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE * 4).map((_, i) => pattern(i)) })
  ).labels;
  fcn.dispose();
});
afterAll(() => open.close());

/** Runs in the page. */
async function lose({
  recover,
  side,
  url,
}: {
  readonly recover: "manual" | "auto";
  readonly side: number;
  readonly url: string | null;
}) {
  const { loadFcn: load } = Reflect.get(globalThis, "library") as typeof Library;
  const picture = { width: side, height: side, data: new Uint8Array(side * side * 4).map((_, i) => (i * 31) & 255) };
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "resolves",
      (error: { code?: string; name: string }) => error.code ?? error.name,
    );
  const fcn = await load({ recover, ...(url === null ? {} : { weights: new URL(url, location.href) }) });
  const events: string[] = [];
  fcn.onLost((error) => events.push(error.code));
  await fcn.segment(picture);
  const first = fcn.device;
  const calls = [codeOf(fcn.segment(picture)), ...(recover === "manual" ? [codeOf(fcn.logits(picture))] : [])];
  await new Promise((resolve) => setTimeout(resolve, 20));
  first.gpu.destroy();
  const codes = await Promise.all(calls);
  if (recover === "manual") {
    codes.push(await codeOf(fcn.segment(picture)));
    await fcn.recover();
  }
  const { labels } = await fcn.segment(picture);
  const another = fcn.device !== first && first.disposed;
  fcn.dispose();
  return { codes, events, labels: Array.from(labels), another };
}

describe("GPUDevice.destroy() in the middle of a run", () => {
  it.each([
    ["manual", null, ["device-lost", "device-lost", "device-lost"]],
    ["manual", "/weights/fcn-resnet101-w16-icons-f16.safetensors", ["device-lost", "device-lost", "device-lost"]],
    ["auto", null, ["device-lost"]],
  ] as const)("recover %s, weights from %s", async (recover, url, codes) => {
    const result = await open.page.evaluate(lose, { recover, side: SIDE, url });
    expect([result.codes, result.events, result.another]).toEqual([codes, ["device-lost"], true]);
    expect(agreement(result.labels, right)).toBeGreaterThanOrEqual(0.999);
  });
});

it("a call that is aborted rejects with AbortError, and the model goes on", async () => {
  const [name, labels] = await open.page.evaluate(async (side) => {
    const { loadFcn: load } = Reflect.get(globalThis, "library") as typeof Library;
    const picture = { width: side, height: side, data: new Uint8Array(side * side * 4).map((_, i) => (i * 31) & 255) };
    const fcn = await load();
    const control = new AbortController();
    const outcome = fcn.segment(picture, { signal: control.signal }).then(
      () => "resolves",
      (error: Error) => error.name,
    );
    setTimeout(() => control.abort(), 20);
    const end = await outcome;
    const seg = await fcn.segment(picture);
    fcn.dispose();
    return [end, Array.from(seg.labels)] as const;
  }, SIDE);
  expect(name).toBe("AbortError");
  expect(agreement(labels, right)).toBeGreaterThanOrEqual(0.999);
});

it("asks no other host, and logs no error", () => {
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
