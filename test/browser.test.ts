/** The built modules in a real browser, without a bundler: PyTorch's labels, with the built-in weights and a file's. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FCN_VARIANTS } from "../src/models/fcn-head.js";
import type { FcnVariant } from "../src/models/fcn-head.js";
import { DRAWING, PHOTOGRAPH } from "./helpers/known-pictures.js";
import type { KnownPicture } from "./helpers/known-pictures.js";
import { openLibraryPage } from "./helpers/page.js";
import type { LibraryGlobal, OpenPage } from "./helpers/page.js";
import { agreement } from "./helpers/reference-maps.js";
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

it("asks no other host, and logs no error", () => {
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
