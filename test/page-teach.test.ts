/** "Teach it" on the web page, in Chromium on SwiftShader: strokes on one picture, and what is found on another. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { decodePng, loadFcn } from "../src/node.js";
import { toRgba } from "../src/image/picture.js";
import { shrink } from "../src/image/shrink.js";
import { untilSegmented, useDemo, violationsOf, workerOf } from "./helpers/demo.js";
import { useDevice } from "./helpers/device.js";
import { useQuickNetwork } from "./helpers/quick-network.js";
import { agreement, fixture } from "./helpers/reference-maps.js";
import {
  closeTeaching,
  foundMask,
  grassTruth,
  openPicture,
  openTeaching,
  overlapOf,
  paint,
  paintGrass,
  statusOf,
  teach,
  untilSaid,
} from "./helpers/teaching.js";

const device = useDevice();
const demo = useDemo();
const button = (name: string | RegExp) => demo().page.getByRole("button", { name, exact: true });
const isResultShown = () => demo().page.locator(".teach-result").isVisible();
const isFigureInView = () =>
  demo()
    .page.locator("#figure")
    .evaluate((it) => it.getBoundingClientRect().top < innerHeight);
const nameIt = (name: string) => demo().page.getByRole("textbox", { name: "Name of class 1" }).fill(name);

describe("a class of one's own", () => {
  it("is loaded with the code that trains when the panel is opened, and not before", async () => {
    const { page, url } = demo();
    const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    expect(loaded.filter((name) => /panel|lesson/.test(name))).toEqual([]);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url().replace(url, "")));
    await openTeaching(page);
    await expect.poll(() => asked.filter((name) => /\/(panel|lesson)-.*\.js$/.test(name)).length).toBe(2);
  });

  it("needs strokes of it, and of what it is not", async () => {
    const { page } = demo();
    await nameIt("grass");
    await openPicture(page, "samples/bird.png");
    await button("Teach").click();
    expect(await statusOf(page).innerText()).toBe("Paint a stroke of “grass” first.");
    await paint(page, "grass", [0.5, 0.9]);
    await button("Teach").click();
    expect(await statusOf(page).innerText()).toMatch(/^Paint a stroke of what it is not, too/);
    await button("Undo").click();
    expect(await button("Undo").isDisabled()).toBe(true);
  });

  it("is taught with strokes on one picture and found on another", async () => {
    const { page } = demo();
    await paintGrass(page);
    await teach(page);
    expect(await statusOf(page).innerText()).toMatch(
      /^Taught in \d+ steps\. Found on this picture: grass [\d.]+\u00a0%\.$/,
    );
    expect(await page.getByRole("img", { name: /^The loss went from \d\.\d+ to \S.+ in \d+ steps\.$/ }).count()).toBe(
      1,
    );
    const onBird = overlapOf(await foundMask(page), grassTruth("bird"));
    await openPicture(page, "samples/farm.png");
    await untilSaid(page, /^Found on this picture: grass/);
    const onFarm = overlapOf(await foundMask(page), grassTruth("farm"));
    console.log(`grass: intersection over union ${onBird.toFixed(3)} on the bird, ${onFarm.toFixed(3)} on the farm`);
    expect(onBird).toBeGreaterThan(0.85);
    expect(onFarm).toBeGreaterThan(0.5);
  });

  it("is saved as a network that Node loads, with the same labels", async () => {
    const { page } = demo();
    const [download] = await Promise.all([page.waitForEvent("download"), button("Save network").click()]);
    expect(download.suggestedFilename()).toBe("grass.safetensors");
    const fcn = await loadFcn({ device: device(), weights: new Uint8Array(await readFile(await download.path())) });
    expect(fcn.classNames).toEqual(["background", "grass"]);
    const { width, height, mask } = await foundMask(page);
    const { labels } = await fcn.segment(shrink(toRgba(decodePng(fixture("samples/farm.png"))), height, width));
    expect(agreement(labels, Uint8Array.from(mask))).toBeGreaterThan(0.99);
    fcn.dispose();
    await nameIt("lawn");
    expect(await button("Save network").isDisabled(), "until it is taught under its new name").toBe(true);
    await nameIt("grass");
    expect(await button("Save network").isDisabled()).toBe(false);
  });
});

describe("a training", () => {
  it("is stopped, goes on, and starts again", async () => {
    const { page } = demo();
    await button("Teach more").click();
    await untilSaid(page, /^Teaching/);
    await button("Stop").click();
    await untilSaid(page, /^Taught in \d+ steps/);
    await button("Start again").click();
    expect([await isResultShown(), await button("Save network").isDisabled()]).toEqual([false, true]);
    await button("Teach").click();
    await untilSaid(page, /^Teaching/);
    await button("Start again").click();
    expect(await button("Teach").isVisible()).toBe(true);
    expect(await statusOf(page).innerText()).toMatch(/forgotten; the strokes are still there/);
  });

  it("ends when other weights are loaded", async () => {
    const { page } = demo();
    await useQuickNetwork(page);
    await button("Teach").click();
    await untilSaid(page, /^Teaching/);
    await page.getByRole("radio", { name: "f32", exact: true }).check();
    await untilSaid(page, /^The weights are loaded anew, so what was taught on them is gone/);
    expect(await button("Teach").isVisible()).toBe(true);
    await untilSegmented(page);
  });

  it("ends when the GPU is lost, and works again after it", async () => {
    const { page } = demo();
    await button("Teach").click();
    await untilSaid(page, /^Teaching/);
    await workerOf(page).evaluate(() => (globalThis as { devices?: GPUDevice[] }).devices?.at(-1)?.destroy());
    await untilSaid(page, /^The GPU was lost while teaching/);
    await untilSegmented(page, /is back/);
    await button("Teach").click();
    await untilSaid(page, /^Teaching/);
    await button("Stop").click();
    await untilSaid(page, /^Taught/);
    expect(await isResultShown()).toBe(true);
  });

  it("leaves nothing on the GPU when the panel is closed, again and again", async () => {
    const { page } = demo();
    await closeTeaching(page);
    // the figure of skips computes beside the worker's queue while it is in view
    await page.evaluate(() => scrollTo(0, 0));
    await expect.poll(isFigureInView).toBe(false);
    await countGpuObjects();
    const left: number[] = [];
    for (let i = 0; i < 3; i++) {
      await openTeaching(page);
      await button("Teach").click();
      await untilSaid(page, /^Teaching/);
      await closeTeaching(page);
      // the worker does one thing after another: the step in progress has ended and the lesson is freed by then
      await openPicture(page, "samples/bird.png");
      expect(await isFigureInView()).toBe(false);
      left.push(await liveGpuObjects());
    }
    expect(left, String(left)).toEqual([left[0], left[0], left[0]]);
    expect(await page.locator("#panels").isVisible()).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("teach");
  });
});

describe("the panel", () => {
  it("is painted on with keys, and says what they do", async () => {
    const { page } = demo();
    await openTeaching(page);
    await paint(page, "grass", [0.3, 0.8], [0.5, 0.8]);
    await button("Clear").click();
    const surface = page.locator(".teach-surface");
    const spoken = page.locator(".teach .spoken");
    await surface.focus();
    await page.keyboard.press("Space");
    await expect.poll(() => spoken.innerText()).toMatch(/^The brush .+ is down at \d+ % across, \d+ % down\.$/);
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Space");
    await expect.poll(() => spoken.innerText()).toMatch(/^A stroke of .+ is painted\.$/);
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    expect(await button("Clear").isEnabled(), "the strokes that Clear took are back").toBe(true);
  });

  it("teaches several classes, whose strokes go with them", async () => {
    const { page } = demo();
    await button("Add a class").click();
    await page.getByRole("textbox", { name: "Name of class 2" }).fill("sky");
    expect(await page.locator(".teach-brushes label").allInnerTexts()).toEqual(["grass", "sky", "Not this"]);
    await paint(page, "sky", [0.2, 0.2], [0.8, 0.2]);
    await button("Remove class 2 and its strokes").click();
    expect(await page.locator(".teach-brushes label").allInnerTexts()).toEqual(["grass", "Not this"]);
  });

  it("has no accessibility violation that axe finds", async () => {
    expect(await violationsOf(demo().page)).toEqual([]);
  });

  it("fits a phone", async () => {
    const { page } = demo();
    await page.setViewportSize({ width: 375, height: 812 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it("closes when the camera starts, and opens on the camera's last frame", async () => {
    const { page } = demo();
    await button("Camera").click();
    await expect.poll(() => page.locator(".teach").count()).toBe(0);
    await page.locator("#status", { hasText: /pixels in/ }).waitFor();
    await openTeaching(page);
    expect(await button("Camera").getAttribute("aria-pressed")).toBe("false");
    await expect.poll(() => page.locator(".teach-surface img").getAttribute("src")).toMatch(/^blob:/);
  });

  it("is not offered without WebGPU", async () => {
    const page = await demo().openBlank();
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }));
    await page.goto(demo().url);
    await page.getByRole("alert").filter({ hasText: "This browser has no WebGPU" }).waitFor();
    expect(await page.getByRole("button", { name: "Teach it" }).isVisible()).toBe(false);
    await page.close();
  });
});

it("the page asked no other host, and logged no error", () => {
  expect([demo().foreign, demo().errors]).toEqual([[], []]);
});

/** From now on the worker counts the buffers and textures that were made and not destroyed. */
function countGpuObjects(): Promise<void> {
  return workerOf(demo().page).evaluate(() => {
    const live = new Set<unknown>();
    Object.assign(globalThis, { live });
    type Method = (...args: unknown[]) => unknown;
    /** Replaces a method by one that does the same and then calls `seen`. */
    const watch = (prototype: object, name: string, seen: (object: unknown, made: unknown) => void): void => {
      const original = Reflect.get(prototype, name) as Method;
      const watched: Method = function (this: unknown, ...args) {
        const made = original.apply(this, args);
        seen(this, made);
        return made;
      };
      Reflect.set(prototype, name, watched);
    };
    watch(GPUDevice.prototype, "createBuffer", (_, made) => live.add(made));
    watch(GPUDevice.prototype, "createTexture", (_, made) => live.add(made));
    watch(GPUBuffer.prototype, "destroy", (object) => live.delete(object));
    watch(GPUTexture.prototype, "destroy", (object) => live.delete(object));
  });
}

const liveGpuObjects = (): Promise<number> =>
  workerOf(demo().page).evaluate(() => (globalThis as { live?: Set<unknown> }).live?.size ?? -1);
