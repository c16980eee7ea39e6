/** The built modules in a real browser, without a bundler: the same labels as PyTorch's, from files chosen by a person. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodePng } from "../src/image/png.js";
import type * as Library from "../src/index.js";
import { openPage } from "./helpers/page.js";
import type { OpenPage } from "./helpers/page.js";
import { agreement, fixture, referencePictures } from "./helpers/reference-maps.js";

let open: OpenPage;
beforeAll(async () => {
  const module =
    '<script type="module">import * as library from "/dist/src/index.js"; globalThis.library = library;</script>';
  open = await openPage(`<input type="file" id="weights">${module}`);
  await open.page.waitForFunction(() => "library" in globalThis);
});
afterAll(() => open.close());

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
const reference = referencePictures("test/fixtures/val").find((p) => p.name.endsWith("/15"));

/** Runs in the page. */
async function segmentInPage({
  pixels,
  width,
  height,
  variant,
}: {
  pixels: string;
  width: number;
  height: number;
  variant: string;
}) {
  const { loadFcn } = (globalThis as unknown as { library: typeof Library }).library;
  const file = (document.getElementById("weights") as HTMLInputElement).files?.[0];
  const fcn = await loadFcn({ variant: variant as "fcn8s", ...(file ? { weights: file } : {}) });
  const data = Uint8Array.from(atob(pixels), (c) => c.charCodeAt(0));
  const { labels, names } = await fcn.segment({ width, height, data });
  const adapter = fcn.device.label;
  fcn.dispose();
  return { labels: Array.from(labels), names, adapter };
}

async function check(variant: string): Promise<void> {
  if (!reference) throw new Error("no picture 15");
  const { data, width, height } = decodePng(fixture(reference.path));
  const result = await open.page.evaluate(segmentInPage, {
    pixels: Buffer.from(data).toString("base64"),
    width,
    height,
    variant,
  });
  expect(result.adapter).toMatch(/swiftshader/i);
  expect(agreement(result.labels, reference.torch(variant))).toBeGreaterThanOrEqual(0.999);
}

it("segments a picture with the shipped weights as PyTorch does", () => check("fcn8s"));

it("loads and segments with a .pth chosen through a file input", async () => {
  await open.page.setInputFiles("#weights", path("test/fixtures/checkpoints/fcn-resnet101-w16.pth"));
  await check("fcn16s");
});

it("asks no other host, and logs no error", () => {
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
