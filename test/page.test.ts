/** The web page from opening to a lost device, in Chromium on SwiftShader: what a person does and must see. */
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { COMPARED } from "../src/models/compared.js";
import {
  innerTextOf,
  pixelOf,
  savedLabels,
  segmentedAfter,
  untilSegmented,
  useDemo,
  workerOf,
} from "./helpers/demo.js";
import { useDevice } from "./helpers/device.js";
import { nodeLabels } from "./helpers/node-labels.js";
import { agreement } from "./helpers/reference-maps.js";

const device = useDevice();
const demo = useDemo();

/** RGB of PASCAL VOC's person. */
const PERSON = [192, 128, 128];
/** RGB in a panel, at a point on the astronaut's chest. */
const pixelOfPerson = (slot: number): Promise<number[]> => pixelOf(demo().page, slot, 0.4, 0.75);

describe("the first sample", () => {
  it("gets the label maps that Node computes, from every network", async () => {
    const size = { width: 384, height: 384 };
    const expected = await nodeLabels(device(), "samples/photographs/astronaut.png", size);
    for (const variant of COMPARED) {
      const { width, height, labels } = await savedLabels(demo().page, variant);
      expect({ width, height }).toEqual(size);
      expect(agreement(labels, expected[variant] ?? []), variant).toBeGreaterThanOrEqual(0.999);
    }
  });

  it("has its classes listed with shares, and the time of every stage", async () => {
    const { page } = demo();
    expect(await innerTextOf(page, "#legend")).toMatch(/person\s+44\.\d %\s+4\d\.\d %\s+4\d\.\d %/);
    expect(await innerTextOf(page, "#times")).toMatch(/Backbone, shared\s+[\d.]+ m?s[\s\S]*Head 8s[\s\S]*Total/);
    expect(await innerTextOf(page, "#adapter")).toMatch(/swiftshader \(software\)/i);
  });

  it("shows class and probability at the pointer, and where arrow keys move the crosshair", async () => {
    const { page } = demo();
    const panel = page.locator(".surface").nth(3);
    const box = await panel.boundingBox();
    if (!box) throw new Error("no panel");
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.75);
    const reading = page.locator(".reading").nth(3);
    await expect.poll(() => reading.innerText()).toMatch(/^person >?[\d.]+ %$/);
    expect(Number.parseFloat((await reading.innerText()).replace(/^person >?/, ""))).toBeGreaterThan(50);
    await panel.focus();
    for (let i = 0; i < 30; i++) await page.keyboard.press("Shift+ArrowUp");
    await expect
      .poll(() => innerTextOf(page, "#spoken"))
      .toMatch(/^Column 153, row 0\. FCN-32s: background, >?[\d.]+ %\. .*FCN-8s: background/);
    await page.keyboard.press("Escape");
    expect(await reading.innerText()).toBe("");
  });

  it("is covered by the class colours as strongly as asked, and by one class alone if asked", async () => {
    const { page } = demo();
    const bare = await pixelOfPerson(0);
    expect(await pixelOfPerson(3)).not.toEqual(bare);
    await page.fill("#opacity", "0");
    await expect.poll(() => pixelOfPerson(3)).toEqual(bare);
    await page.fill("#opacity", "100");
    await expect.poll(() => pixelOfPerson(3)).toEqual(PERSON);
    await page.getByRole("button", { name: "background" }).click();
    await expect.poll(() => pixelOfPerson(3)).not.toEqual(PERSON);
    await page.getByRole("button", { name: "background" }).click();
    await expect.poll(() => pixelOfPerson(3)).toEqual(PERSON);
  });

  it("is shown large by one network, with a divider that keys move", async () => {
    const { page } = demo();
    await page.getByRole("radio", { name: "FCN-16s" }).check();
    expect(await page.locator(".panel:visible strong").allInnerTexts()).toEqual(["FCN-16s"]);
    const divider = page.getByRole("slider", { name: /Divider/ });
    await divider.focus();
    await page.keyboard.press("End");
    await expect.poll(async () => (await pixelOfPerson(2)).join()).toBe((await pixelOfPerson(0)).join());
    await page.keyboard.press("Home");
    await expect.poll(() => pixelOfPerson(2)).toEqual(PERSON);
    await page.getByRole("radio", { name: "Side by side" }).check();
    expect(await page.locator(".panel:visible").count()).toBe(4);
  });
});

describe("the page", () => {
  it("segments what the camera sees until it is stopped", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => page.getByRole("button", { name: "Camera" }).click());
    expect(await page.locator("#camera").getAttribute("aria-pressed")).toBe("true");
    await page.getByRole("button", { name: "Stop camera" }).click();
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: cat" }).click());
    expect(await page.locator("#camera").getAttribute("aria-pressed")).toBe("false");
  });

  it("recovers from the loss of the device in the middle of a run", async () => {
    const { page } = demo();
    const before = (await savedLabels(page, "fcn8s")).labels;
    await page.getByRole("button", { name: "Sample: cat" }).click();
    await page.locator("#status", { hasText: "Segmenting" }).waitFor();
    await workerOf(page).evaluate(() => (globalThis as { devices?: GPUDevice[] }).devices?.at(-1)?.destroy());
    await untilSegmented(page, /is back/);
    expect((await savedLabels(page, "fcn8s")).labels).toEqual(before);
    expect(await page.locator("#fatal").isVisible()).toBe(false);
  });

  it.each(["light", "dark"] as const)("has no accessibility violation that axe finds, %s", async (colorScheme) => {
    const { page } = demo();
    await page.emulateMedia({ colorScheme });
    await page.addScriptTag({ content: axe.source });
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    const found = violations.map(
      ({ id, impact, nodes }) => `${impact}: ${id} ${nodes.map(({ html }) => html).join(" ")}`,
    );
    expect(found).toEqual([]);
  });

  it("fits a phone", async () => {
    const { page } = demo();
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it("says what to do where there is no WebGPU", async () => {
    const page = await demo().openBlank();
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }));
    await page.goto(demo().url);
    expect(await page.getByRole("alert").innerText()).toMatch(
      /This browser has no WebGPU[\s\S]*Open it in Chrome or Edge 113 or newer/,
    );
    await page.close();
  });

  it("is served with the types of its files, and no other files with it", async () => {
    const { page, url } = demo();
    const get = async (path: string) => {
      const { status, headers } = await fetch(url + path);
      return [status, headers.get("content-type")];
    };
    const worker = page.workers()[0]?.url() ?? "";
    expect(await get("")).toEqual([200, "text/html; charset=utf-8"]);
    expect(await get(worker.replace(url, ""))).toEqual([200, "text/javascript; charset=utf-8"]);
    expect(await get("..%2f..%2fpackage.json")).toEqual([404, "text/plain"]);
    expect(await get("assets")).toEqual([404, "text/plain"]);
    expect(await get("%ff")).toEqual([404, "text/plain"]);
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
  });

  it("asked no other host, and logged no error", () => {
    expect([demo().foreign, demo().errors]).toEqual([[], []]);
  });
});
