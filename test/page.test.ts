/** The web page from opening to a lost device, in Chromium on SwiftShader: what a person does and must see. */
import { beforeAll, describe, expect, it } from "vitest";
import { scaledLabels } from "../src/image/scale.js";
import { COMPARED } from "../src/models/compared.js";
import {
  innerTextOf,
  pixelOf,
  savedLabels,
  segmentedAfter,
  untilSegmented,
  useDemo,
  violationsOf,
  workerOf,
} from "./helpers/demo.js";
import { useDevice } from "./helpers/device.js";
import { nodeLabels } from "./helpers/node-labels.js";
import { useQuickNetwork } from "./helpers/quick-network.js";
import { agreement } from "./helpers/reference-maps.js";
import { screenColour } from "../demo/src/colours.js";

const device = useDevice();
const demo = useDemo();

/** RGB of the class person on the screen. */
const PERSON = screenColour(15).match(/\d+/g)?.map(Number);
/** RGB in a panel, at a point on the astronaut's chest. */
const pixelOfPerson = (slot: number): Promise<number[]> => pixelOf(demo().page, slot, 0.4, 0.75);

describe("the first sample", () => {
  it("gets the label maps that Node computes, from every network, saved at the size of its file", async () => {
    const expected = await nodeLabels(device(), "samples/photographs/astronaut.png", { width: 384, height: 384 });
    expect(await innerTextOf(demo().page, "#save-size")).toBe("512 × 512 px");
    for (const variant of COMPARED) {
      const { width, height, labels } = await savedLabels(demo().page, variant);
      expect({ width, height }).toEqual({ width: 512, height: 512 });
      const enlarged = scaledLabels(expected[variant] ?? new Uint8Array(), { width: 384, height: 384 }, 512, 512);
      expect(agreement(labels, enlarged), variant).toBeGreaterThanOrEqual(0.999);
    }
  });

  it("has its classes listed with shares, and its time in a line that unfolds to stages", async () => {
    const { page } = demo();
    expect(await innerTextOf(page, "#legend")).toMatch(/person\s+44\.\d\s+4\d\.\d\s+4\d\.\d/);
    expect(await innerTextOf(page, "#time-line")).toMatch(
      /^[\d.]+\sm?s; the first picture took [\d.]+\ss, [\d.]+\sm?s of it for preparation\.$/,
    );
    await page.getByText("Stages").click();
    expect(await innerTextOf(page, "#times")).toMatch(/Backbone, shared\s+[\d.]+\sm?s[\s\S]*Head 8s[\s\S]*Total/);
    await page.getByText("Stages").click();
    expect(await innerTextOf(page, "#adapter")).toBe("SwiftShader (CPU)");
  });

  it("shows class and probability at the pointer, and where arrow keys move the loupe", async () => {
    const { page } = demo();
    const panel = page.locator(".surface").nth(3);
    const box = await panel.boundingBox();
    if (!box) throw new Error("no panel");
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.75);
    const reading = page.locator(".reading").nth(3);
    await expect.poll(() => reading.textContent()).toMatch(/^person >?[\d.]+\s%$/);
    expect(Number.parseFloat(((await reading.textContent()) ?? "").replace(/^person >?/, ""))).toBeGreaterThan(50);
    await panel.focus();
    for (let i = 0; i < 30; i++) await page.keyboard.press("Shift+ArrowUp");
    await expect
      .poll(() => innerTextOf(page, "#spoken"))
      .toMatch(/^Column 153, row 0\. FCN-32s: background, >?[\d.]+\s%\. .*FCN-8s: background/);
    await page.keyboard.press("Escape");
    await expect.poll(() => reading.textContent()).toBe("");
    expect(await page.locator(".lens").nth(3).isVisible()).toBe(false);
  });

  it("is grey under class colours, as strong as asked, and under one class alone if asked", async () => {
    const { page } = demo();
    const bare = await pixelOfPerson(0);
    const background = () => pixelOf(page, 3, 0.9, 0.1);
    const [red, green, blue] = await background();
    expect([red, red]).toEqual([green, blue]);
    await page.fill("#opacity", "0");
    await page.getByRole("checkbox", { name: "Grey picture" }).uncheck();
    await expect.poll(() => pixelOfPerson(3)).toEqual(bare);
    await page.fill("#opacity", "100");
    await expect.poll(() => pixelOfPerson(3)).toEqual(PERSON);
    await page.getByRole("button", { name: "background" }).click();
    await expect.poll(() => pixelOfPerson(3)).not.toEqual(PERSON);
    await page.getByRole("button", { name: "background" }).click();
    await expect.poll(() => pixelOfPerson(3)).toEqual(PERSON);
    await page.getByRole("checkbox", { name: "Grey picture" }).check();
    await page.fill("#opacity", "60");
  });

  it("comes back after the loss of the device in the middle of a run", async () => {
    const { page } = demo();
    const before = (await savedLabels(page, "fcn8s")).labels;
    await page.getByRole("button", { name: "Sample: astronaut" }).click();
    await page.locator("#status", { hasText: "Running" }).waitFor();
    await workerOf(page).evaluate(() => (globalThis as { devices?: GPUDevice[] }).devices?.at(-1)?.destroy());
    await untilSegmented(page, /is back/);
    expect((await savedLabels(page, "fcn8s")).labels).toEqual(before);
    expect(await page.locator("#fatal").isVisible()).toBe(false);
  });
});

describe("the page", () => {
  beforeAll(() => useQuickNetwork(demo().page));

  it("segments what the camera sees; its last frame is a picture like others", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => page.getByRole("button", { name: "Camera" }).click());
    expect(await page.locator("#camera").getAttribute("aria-pressed")).toBe("true");
    await segmentedAfter(page, () => page.getByRole("button", { name: "Stop camera" }).click());
    expect(await page.locator("#camera").getAttribute("aria-pressed")).toBe("false");
    await page.getByRole("button", { name: "camera.png", pressed: true }).waitFor();
    await segmentedAfter(page, () => page.selectOption("#side", "256"));
    expect(await innerTextOf(page, "#status")).toMatch(/^256 × /);
    await page.selectOption("#side", "auto");
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: cat" }).click());
    expect(await innerTextOf(page, ".panel:nth-child(4) .region")).toBe("cat");
  });

  it("sends no frame of a camera that was stopped while the frame was taken", async () => {
    const { page } = demo();
    await page.evaluate(() => {
      const real = globalThis.createImageBitmap.bind(globalThis);
      const take = async (source: ImageBitmapSource): Promise<ImageBitmap> => {
        const frame = await real(source);
        await new Promise<void>((release) => Object.assign(globalThis, { frame, release, createImageBitmap: real }));
        return frame;
      };
      const sent: string[] = [];
      const { postMessage } = Worker.prototype as { postMessage: (...message: unknown[]) => void };
      Object.assign(globalThis, { createImageBitmap: take, sent });
      Worker.prototype.postMessage = function (this: Worker, request: { type: string }, ...rest: unknown[]): void {
        sent.push(request.type);
        postMessage.call(this, request, ...rest);
      };
    });
    const sentPictures = () =>
      page.evaluate(() => (globalThis as unknown as { sent: string[] }).sent.filter((type) => type === "segment"));
    await page.click("#camera");
    await page.waitForFunction(() => "frame" in globalThis);
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: coffee" }).click());
    await page.evaluate(() => (globalThis as unknown as { release: () => void }).release());
    await page.waitForFunction(() => (globalThis as unknown as { frame: ImageBitmap }).frame.width === 0);
    expect([await sentPictures(), await innerTextOf(page, "#alert-text")]).toEqual([["segment"], ""]);
  });

  it("goes on with the camera when a picture from before it turns out to be none", async () => {
    const { page } = demo();
    await workerOf(page).evaluate(() => {
      const real = globalThis.createImageBitmap.bind(globalThis);
      const decode = async (source: ImageBitmapSource): Promise<ImageBitmap> => {
        Object.assign(globalThis, { createImageBitmap: real });
        await new Promise<void>((resolve) => Object.assign(globalThis, { decodeNow: resolve }));
        return real(source);
      };
      Object.assign(globalThis, { createImageBitmap: decode });
    });
    await page.setInputFiles("#open", { name: "none.png", mimeType: "image/png", buffer: Buffer.from("none") });
    await segmentedAfter(page, async () => {
      await page.click("#camera");
      await page.locator("#camera[aria-pressed=true]").waitFor();
      await workerOf(page).evaluate(() => (globalThis as unknown as { decodeNow: () => void }).decodeNow());
    });
    expect(await innerTextOf(page, "#alert-text")).toMatch(/^none\.png is not a picture/);
    expect(await page.locator("#camera").getAttribute("aria-pressed")).toBe("true");
    await page.click("#dismiss");
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: cat" }).click());
  });

  it("goes on with the camera after the loss of the device, and keeps what it says between frames", async () => {
    const { page } = demo();
    await page.getByRole("radio", { name: "Where they differ" }).check();
    await segmentedAfter(page, () => page.click("#camera"));
    await page.evaluate(() => {
      const said: string[] = [];
      const text = (selector: string): string => document.querySelector(selector)?.textContent ?? "";
      const see = (): void => void said.push(`${text(".panel:nth-child(2) figcaption")} | ${text("#status")}`);
      new MutationObserver(see).observe(document.body, { childList: true, characterData: true, subtree: true });
      Object.assign(globalThis, { said });
    });
    const said = () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
    const frames = async () => new Set((await said()).filter((text) => text.includes("pixels in"))).size;
    await expect.poll(frames, { timeout: 120_000 }).toBeGreaterThan(1);
    expect((await said()).filter((text) => !/changes? \|/.test(text))).toEqual([]);
    await page.evaluate(() => (globalThis as unknown as { said: string[] }).said.splice(0));
    await workerOf(page).evaluate(() => {
      (globalThis as unknown as { devices: GPUDevice[] }).devices.at(-1)?.destroy();
    });
    const isBack = async () => (await said()).findIndex((text) => text.includes("is back"));
    await expect.poll(isBack, { timeout: 120_000 }).toBeGreaterThan(-1);
    const after = async () => (await said()).slice(await isBack()).some((text) => text.includes("pixels in"));
    await expect.poll(after, { timeout: 120_000 }).toBe(true);
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: cat" }).click());
    await page.getByRole("radio", { name: "Side by side" }).check();
  });

  it("has no accessibility violation that axe finds", async () => {
    const { page } = demo();
    await page.click("#weights-open");
    await page.getByRole("button", { name: "Use Icons" }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.click("#weights-open");
  });

  it.each([320, 390, 768])("fits %i pixels, with its numbers", async (width) => {
    const { page } = demo();
    await page.setViewportSize({ width, height: 844 });
    await page.getByText("Stages").click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await page.getByText("Stages").click();
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it("says what to do where there is no WebGPU, and shows what there would be", async () => {
    const page = await demo().openBlank();
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }));
    await page.goto(demo().url);
    expect(await page.getByRole("alert").innerText()).toMatch(
      /This browser has no WebGPU[\s\S]*Open it in Chrome or Edge 113 or newer/,
    );
    expect(await page.title()).toBe("This browser has no WebGPU");
    await page.getByRole("img", { name: /label maps of FCN-32s/ }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
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
    expect(await get("kernels.html")).toEqual([200, "text/html; charset=utf-8"]);
    expect(await get("..%2f..%2fpackage.json")).toEqual([404, "text/plain"]);
    expect(await get("assets")).toEqual([404, "text/plain"]);
    expect(await get("%ff")).toEqual([404, "text/plain"]);
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
  });

  it("asked no other host, logged no error, and fetched no file twice", () => {
    expect([demo().foreign, demo().errors]).toEqual([[], []]);
    const counts = new Map<string, number>();
    for (const path of demo().asked) counts.set(path, (counts.get(path) ?? 0) + 1);
    expect([...counts].filter(([path, count]) => count > 1 && path !== "icon.svg")).toEqual([]);
  });
});
