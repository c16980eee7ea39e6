/** The web page from opening to a lost device, in Chromium on SwiftShader: what a person does, and what they must see. */
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toRgba } from "../src/image/picture.js";
import { shrink } from "../src/image/shrink.js";
import { COMPARED } from "../src/models/compared.js";
import { Comparison } from "../src/models/comparison.js";
import { decodePng, openCheckpoint, openSource } from "../src/node.js";
import { defaultCheckpointUrl } from "../src/weights/default-checkpoint.js";
import {
  andSegmented,
  blockedSince,
  drop,
  inRepository,
  openDemo,
  pixelOf,
  savedLabels,
  segmented,
  workerOf,
} from "./helpers/demo.js";
import type { Demo } from "./helpers/demo.js";
import { useDevice } from "./helpers/device.js";
import { agreement, fixture } from "./helpers/reference-maps.js";

const device = useDevice();
let demo: Demo;
beforeAll(async () => {
  demo = await openDemo();
  await segmented(demo.page, /pixels in/, 30_000); // the half minute, from opening
});
afterAll(() => demo.close());

/** The label maps that the library gives in Node. */
async function nodeLabels(path: string, width: number, height: number): Promise<Readonly<Record<string, Uint8Array>>> {
  const checkpoint = await openCheckpoint(await openSource(defaultCheckpointUrl()));
  const comparison = new Comparison(device(), checkpoint);
  const { labels } = await comparison.run(shrink(toRgba(decodePng(fixture(path))), height, width));
  comparison.dispose();
  await checkpoint.close();
  return labels;
}

const text = (selector: string): Promise<string> => demo.page.locator(selector).innerText();

describe("a sample, on opening", () => {
  it("gets the label maps that Node gives, from every network", async () => {
    const expected = await nodeLabels("samples/street.png", 384, 240);
    for (const variant of COMPARED) {
      const { width, height, labels } = await savedLabels(demo.page, variant);
      expect([width, height]).toEqual([384, 240]);
      expect(agreement(labels, expected[variant] ?? []), variant).toBeGreaterThanOrEqual(0.999);
    }
  });

  it("has its classes listed with shares, and the time of every stage", async () => {
    expect(await text("#legend")).toMatch(/bus\s+9\.\d %\s+8\.\d %\s+8\.\d %/);
    expect(await text("#times")).toMatch(/Backbone, shared\s+[\d.]+ m?s[\s\S]*Head 8s[\s\S]*Total/);
    expect(await text("#adapter")).toMatch(/swiftshader \(software\)/i);
  });

  it("shows class and probability under the pointer and by arrow keys", async () => {
    const { page } = demo;
    const panel = page.locator(".surface").nth(3);
    const box = await panel.boundingBox();
    if (!box) throw new Error("no panel");
    await page.mouse.move(box.x + box.width * 0.37, box.y + box.height * 0.5);
    const reading = page.locator(".reading").nth(3);
    await expect.poll(() => reading.innerText()).toMatch(/^bus >?[\d.]+ %$/);
    expect(Number.parseFloat((await reading.innerText()).replace(/^bus >?/, ""))).toBeGreaterThan(50);
    await panel.focus();
    for (let i = 0; i < 12; i++) await page.keyboard.press("Shift+ArrowUp");
    await expect
      .poll(() => text("#spoken"))
      .toMatch(/^Column 142, row 0\. FCN-32s: background, >?[\d.]+ %\. .*FCN-8s: background/);
    await page.keyboard.press("Escape");
    expect(await reading.innerText()).toBe("");
  });

  it("is laid over the picture as strongly as asked, class by class", async () => {
    const { page } = demo;
    const bare = await pixelOf(page, 0, 0.5, 0.6);
    const mixed = await pixelOf(page, 3, 0.5, 0.6);
    expect(mixed).not.toEqual(bare);
    await page.fill("#opacity", "0");
    await expect.poll(() => pixelOf(page, 3, 0.5, 0.6)).toEqual(bare);
    await page.fill("#opacity", "100");
    await expect.poll(() => pixelOf(page, 3, 0.5, 0.6)).toEqual([0, 128, 128]); // bus
    await page.getByRole("button", { name: "person" }).click();
    await expect.poll(() => pixelOf(page, 3, 0.5, 0.6)).not.toEqual([0, 128, 128]);
    await page.getByRole("button", { name: "person" }).click();
    await expect.poll(() => pixelOf(page, 3, 0.5, 0.6)).toEqual([0, 128, 128]);
  });

  it("is shown large by one network, with a divider that keys move", async () => {
    const { page } = demo;
    await page.getByRole("radio", { name: "FCN-16s" }).check();
    expect(await page.locator(".panel:visible strong").allInnerTexts()).toEqual(["FCN-16s"]);
    const divider = page.getByRole("slider", { name: /Divider/ });
    await divider.focus();
    await page.keyboard.press("End");
    await expect
      .poll(async () => (await pixelOf(page, 2, 0.5, 0.6)).join())
      .toBe((await pixelOf(page, 0, 0.5, 0.6)).join());
    await page.keyboard.press("Home");
    await expect.poll(() => pixelOf(page, 2, 0.5, 0.6)).toEqual([0, 128, 128]);
    await page.getByRole("radio", { name: "Side by side" }).check();
    expect(await page.locator(".panel:visible").count()).toBe(4);
  });
});

describe("files", () => {
  it("that are dropped are segmented, while the main thread stays free", async () => {
    const { page } = demo;
    await andSegmented(page, () => page.selectOption("#side", "256"));
    const start = await page.evaluate(() => performance.now());
    await andSegmented(page, () => drop(page, "test/fixtures/val/15.png"));
    expect(await blockedSince(page, start)).toEqual([]);
    expect(await page.locator("[data-sample][aria-pressed=true]").count()).toBe(0);
    const { width, height, labels } = await savedLabels(page, "fcn8s");
    expect([width, height]).toEqual([131, 97]);
    expect(
      agreement(labels, (await nodeLabels("test/fixtures/val/15.png", width, height)).fcn8s ?? []),
    ).toBeGreaterThanOrEqual(0.999);
  });

  it("give nearly the same labels when numbers are stored in f16", async () => {
    const { page } = demo;
    const { labels } = await savedLabels(page, "fcn8s");
    expect(await text("#auto-text"), "asked for on opening").toBe("Auto (f32)");
    await andSegmented(page, () => page.getByRole("radio", { name: "f16", exact: true }).check());
    expect(await text("#auto-text")).toBe("Auto");
    expect(agreement((await savedLabels(page, "fcn8s")).labels, labels)).toBeGreaterThan(0.995);
    await andSegmented(page, () => page.getByRole("radio", { name: "f32", exact: true }).check());
    expect((await savedLabels(page, "fcn8s")).labels).toEqual(labels);
    await andSegmented(page, () => page.getByRole("radio", { name: "Auto" }).check());
    expect([await text("#auto-text"), (await savedLabels(page, "fcn8s")).labels]).toEqual(["Auto (f32)", labels]);
  });

  it("that are pasted are segmented; a paste or drop without one says what to do", async () => {
    const { page } = demo;
    await andSegmented(page, () => drop(page, "test/fixtures/val/14.png", "paste"));
    expect((await savedLabels(page, "fcn8s")).width).toBe(224);
    for (const [how, sentence] of [
      ["paste", "The clipboard holds no picture: copy one, or a file, and paste again."],
      ["drop", "What was dropped is no file: save the picture first, or copy and paste it."],
    ] as const) {
      await drop(page, undefined, how);
      await expect.poll(() => text("#alert-text")).toBe(sentence);
      await page.click("#dismiss");
    }
  });

  it("that are no pictures are refused in a sentence, and what was on show stays", async () => {
    const { page } = demo;
    await andSegmented(page, () => page.getByRole("button", { name: "Sample: bird" }).click());
    await page.setInputFiles("#open", inRepository("package.json"));
    await expect
      .poll(() => text("#alert-text"))
      .toBe("package.json is not a picture this browser can read: choose a PNG, JPEG, WebP, AVIF or GIF file.");
    await page.click("#dismiss");
    expect(await page.locator("#alert").isVisible()).toBe(false);
    expect(await page.locator("[data-sample=bird]").getAttribute("aria-pressed")).toBe("true");
  });

  it("that are broken checkpoints are refused in a sentence, and the networks stay", async () => {
    const { page } = demo;
    await page.setInputFiles("#checkpoint", inRepository("test/fixtures/checkpoints/bad-truncated.pth"));
    await expect.poll(() => text("#alert-text")).toMatch(/^bad-truncated\.pth.{20,}\.$/s);
    await andSegmented(page, () => page.getByRole("button", { name: "Sample: bird" }).click());
    expect(await text("#legend")).toContain("bird");
    expect(await text("#network-name")).toBe("Built-in weights");
  });

  it("that are checkpoints run in place of the built-in one", async () => {
    const { page } = demo;
    await andSegmented(page, () =>
      page.setInputFiles("#checkpoint", inRepository("test/fixtures/checkpoints/fcn-resnet101-w16.pth")),
    );
    expect(await text("#network-name")).toBe("fcn-resnet101-w16.pth");
    expect(await page.locator("#notice").isVisible()).toBe(false);
    await andSegmented(page, () => page.getByRole("button", { name: "Use the built-in one" }).click());
    expect(await text("#network-name")).toBe("Built-in weights");
  });
});

describe("the page", () => {
  it("segments what the camera sees until it is stopped", async () => {
    const { page } = demo;
    await andSegmented(page, () => page.getByRole("button", { name: "Camera" }).click());
    expect(await page.locator("#camera").getAttribute("aria-pressed")).toBe("true");
    await page.getByRole("button", { name: "Stop camera" }).click();
    await andSegmented(page, () => page.getByRole("button", { name: "Sample: bird" }).click());
    expect(await page.locator("#camera").getAttribute("aria-pressed")).toBe("false");
  });

  it("gets over the loss of the device in the middle of a run", async () => {
    const { page } = demo;
    const before = (await savedLabels(page, "fcn8s")).labels;
    await page.getByRole("button", { name: "Sample: bird" }).click();
    await page.locator("#status", { hasText: "Segmenting" }).waitFor();
    await workerOf(page).evaluate(() => (globalThis as { devices?: GPUDevice[] }).devices?.at(-1)?.destroy());
    await segmented(page, /is back/);
    expect((await savedLabels(page, "fcn8s")).labels).toEqual(before);
    expect(await page.locator("#fatal").isVisible()).toBe(false);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has no serious fault of accessibility, ${colorScheme}`, async () => {
      const { page } = demo;
      await page.emulateMedia({ colorScheme });
      await page.addScriptTag({ content: axe.source });
      const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
      expect(
        violations.map(({ id, impact, nodes }) => `${impact}: ${id} ${nodes.map(({ html }) => html).join(" ")}`),
      ).toEqual([]);
    });
  }

  it("fits a phone", async () => {
    await demo.page.setViewportSize({ width: 390, height: 844 });
    expect(await demo.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await demo.page.setViewportSize({ width: 1280, height: 860 });
  });

  it("says what to do where there is no WebGPU", async () => {
    const page = await demo.blank();
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }));
    await page.goto(demo.url);
    expect(await page.getByRole("alert").innerText()).toMatch(
      /This browser has no WebGPU[\s\S]*Open it in Chrome or Edge 113 or newer/,
    );
    await page.close();
  });

  it("is served with the types of its files, and no other files with it", async () => {
    const get = async (path: string) => {
      const { status, headers } = await fetch(demo.url + path);
      return [status, headers.get("content-type")];
    };
    const worker = demo.page.workers()[0]?.url() ?? "";
    expect(await get("")).toEqual([200, "text/html; charset=utf-8"]);
    expect(await get(worker.replace(demo.url, ""))).toEqual([200, "text/javascript; charset=utf-8"]);
    expect(await get("..%2f..%2fpackage.json")).toEqual([404, "text/plain"]);
    expect(await get("assets")).toEqual([404, "text/plain"]);
    expect(await get("%ff")).toEqual([404, "text/plain"]);
    expect((await fetch(demo.url, { method: "POST" })).status).toBe(405);
  });

  it("asked no other host, and logged no error", () => {
    expect([demo.foreign, demo.errors]).toEqual([[], []]);
  });
});
