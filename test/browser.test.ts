/** The built modules in a real browser, without a bundler: PyTorch's labels, with the built-in weights and a file's. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FCN_VARIANTS } from "../src/models/fcn-head.js";
import type { FcnVariant } from "../src/models/fcn-head.js";
import { loadFcn } from "../src/node.js";
import { DRAWING, PHOTOGRAPH } from "./helpers/known-pictures.js";
import type { KnownPicture } from "./helpers/known-pictures.js";
import { openLibraryPage } from "./helpers/page.js";
import type { LibraryGlobal, OpenPage } from "./helpers/page.js";
import { agreement } from "./helpers/reference-maps.js";
import { stripedPicture } from "./helpers/small-networks.js";
import { root } from "./helpers/sources.js";

let open: OpenPage;
beforeAll(async () => {
  open = await openLibraryPage('<input type="file" id="weights">');
});
afterAll(() => open.close());

interface SegmentInput {
  /** RGBA in base64. */
  readonly pixels: string;
  readonly width: number;
  readonly height: number;
  readonly variant: FcnVariant;
}

/** Runs in the page. */
async function segmentInPage({ pixels, width, height, variant }: SegmentInput) {
  const { loadFcn } = (globalThis as unknown as LibraryGlobal).library;
  const file = (document.getElementById("weights") as HTMLInputElement).files?.[0];
  const fcn = await loadFcn({ variant, resize: "none", ...(file ? { weights: file } : {}) });
  const data = Uint8Array.from(atob(pixels), (c) => c.charCodeAt(0));
  const { labels } = await fcn.segment({ width, height, data });
  const adapter = fcn.device.label;
  fcn.dispose();
  return { labels: Array.from(labels), adapter };
}

async function expectTorchLabels({ picture, torch }: KnownPicture, variant: FcnVariant): Promise<void> {
  const { data, width, height } = picture;
  const pixels = Buffer.from(data).toString("base64");
  const result = await open.page.evaluate(segmentInPage, { pixels, width, height, variant });
  expect(result.adapter).toMatch(/swiftshader/i);
  expect(agreement(result.labels, torch(variant))).toBeGreaterThanOrEqual(0.9995);
}

it.each(FCN_VARIANTS)("segments a photograph with the shipped weights as PyTorch does, %s", (variant) =>
  expectTorchLabels(PHOTOGRAPH, variant),
);

it("loads a .pth chosen through a file input and segments with it", async () => {
  await open.page.setInputFiles("#weights", join(root, "test/fixtures/checkpoints/fcn-resnet101-w16.pth"));
  await expectTorchLabels(DRAWING, "fcn16s");
});

it("says what to serve where the reader of .pth files is missing, and loads the file once it is there", async () => {
  const own = await openLibraryPage();
  const load = () =>
    own.page.evaluate(async () => {
      const { loadFcn } = (globalThis as unknown as LibraryGlobal).library;
      const weights = "/test/fixtures/checkpoints/fcn-resnet101-w16.pth";
      try {
        const fcn = await loadFcn({ weights });
        fcn.dispose();
        return "loaded";
      } catch (error) {
        const { code, message } = error as { readonly code: string; readonly message: string };
        return `${code}: ${message}`;
      }
    });
  await own.page.route("**/pth-readers.bundle.js*", (route) => route.abort());
  expect(await load()).toMatch(
    /^bad-weights: .*the reader of \.pth files could not be loaded \(.*\); serve pth-readers\.bundle\.js beside/,
  );
  await own.page.unroute("**/pth-readers.bundle.js*");
  expect(await load()).toBe("loaded");
  await own.close();
});

/** Runs in the page: features on the host and on the GPU, and heads of one's own on the shipped weights. */
async function ownHeadsInPage({ pixels, width, height }: Omit<SegmentInput, "variant">) {
  const { createFcn, loadFcn } = (globalThis as unknown as LibraryGlobal).library;
  const picture = { width, height, data: Uint8Array.from(atob(pixels), (c) => c.charCodeAt(0)) };
  const fcn = await loadFcn({ resize: "none" });
  const { fc7 } = await fcn.features(picture, ["fc7"]);
  const onGpu = await fcn.features(picture, ["fc7"], { on: "gpu" });
  const read = await onGpu.fc7.read();
  onGpu.fc7.dispose();
  // All pixels are of the second class.
  const weight = { shape: [2, 256, 1, 1], data: new Float32Array(512) };
  const fcn32s = { "score32.weight": weight, "score32.bias": { shape: [2], data: Float32Array.of(0, 1) } };
  const classNames = ["field", "road"];
  await fcn.setHeads({ fcn32s }, { classNames });
  const made = await createFcn({ backbone: "photos", heads: { fcn32s }, classNames, device: fcn.device });
  const names = [(await fcn.segment(picture)).names, (await made.segment(picture)).names];
  for (const model of [made, fcn]) model.dispose();
  return { shape: fc7.shape, host: Array.from(fc7.data), gpu: Array.from(read), names };
}

it("gives the features that Node gives, and takes heads of one's own", async () => {
  const picture = stripedPicture(52, 41);
  const pixels = Buffer.from(picture.data).toString("base64");
  const { width, height } = picture;
  const { shape, host, gpu, names } = await open.page.evaluate(ownHeadsInPage, { pixels, width, height });
  const fcn = await loadFcn({ resize: "none" });
  const { fc7 } = await fcn.features(picture, ["fc7"]);
  fcn.dispose();
  expect([shape, names]).toEqual([fc7.shape, [["road"], ["road"]]]);
  expect(gpu).toEqual(host);
  const largest = Math.max(...fc7.data.map(Math.abs));
  expect(Math.max(...fc7.data.map((value, i) => Math.abs(value - (host[i] ?? NaN)))) / largest).toBeLessThan(1e-5);
});

it("says what to serve where the part that gives features is missing", async () => {
  const own = await openLibraryPage();
  await own.page.route("**/own-heads.bundle.js*", (route) => route.abort());
  const message = await own.page.evaluate(async () => {
    const { loadFcn } = (globalThis as unknown as LibraryGlobal).library;
    const fcn = await loadFcn();
    const picture = { width: 1, height: 1, data: new Uint8Array(4) };
    return fcn.features(picture, ["fc7"]).then(String, ({ code, message }: Error & { code: string }) => code + message);
  });
  expect(message).toMatch(/^no-webgpu.*own-heads\.bundle\.js could not be loaded \(.*\); serve it beside the page's/);
  await own.close();
});

it("asks no other host, and logs no error", () => {
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
