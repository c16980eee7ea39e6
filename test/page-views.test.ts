/** How the web page compares the three networks: views, loupes, divider, the figure of skips, and the address. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { formatShare } from "../demo/src/ui/format.js";
import {
  innerTextOf,
  pixelOf,
  segmentedAfter,
  untilSegmented,
  useDemo,
  violationsOf,
  workerOf,
} from "./helpers/demo.js";
import { useDevice } from "./helpers/device.js";
import { nodeLabels } from "./helpers/node-labels.js";

const device = useDevice();
const demo = useDemo();
const view = (name: string) => demo().page.getByRole("radio", { name });
const captions = () => demo().page.locator(".panel:visible figcaption").allInnerTexts();
const hash = () => demo().page.evaluate(() => location.hash);
/** RGB in a panel, at a point on the astronaut's chest. */
const pixelOfPerson = (slot: number): Promise<number[]> => pixelOf(demo().page, slot, 0.4, 0.75);

/** How many dark lines of its grid cross a row of a loupe, where there is no class. */
function linesOf(slot: number): Promise<number> {
  return demo().page.evaluate((index) => {
    const shown = document.querySelectorAll<HTMLCanvasElement>("canvas.lens")[index] as HTMLCanvasElement;
    const { width, height } = shown;
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    const context = copy.getContext("2d") as CanvasRenderingContext2D;
    context.drawImage(shown, 0, 0);
    const row = context.getImageData(0, Math.floor(height * 0.4), width, 1).data;
    const isDark = (x: number): boolean => (row[x * 4] ?? 0) < 130;
    return Array.from({ length: width }, (_, x) => isDark(x) && !isDark(x - 1)).filter(Boolean).length;
  }, slot);
}

describe("side by side", () => {
  it("says what to look at, over panels that fit the window", async () => {
    const { page } = demo();
    expect(await innerTextOf(page, ".hero")).toMatch(/^Three networks name every pixel: .*Look at the edges\.$/);
    expect((await captions()).map((text) => text.replace(/\s+/g, " "))).toEqual([
      "Picture 384 × 384 of 512 × 512",
      "FCN-32s scores every 32 px",
      "FCN-16s scores every 16 px",
      "FCN-8s scores every 8 px",
    ]);
    const bottoms = await page
      .locator(".panel")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().bottom));
    expect(Math.max(...bottoms)).toBeLessThan(800);
  });

  it("shows a loupe where the networks differ most, and the same place in every panel where one points", async () => {
    const { page } = demo();
    expect(await page.locator(".lens:visible").count()).toBe(4);
    const surface = page.locator(".surface").nth(1);
    const box = await surface.boundingBox();
    if (!box) throw new Error("no panel");
    await page.mouse.move(box.x + box.width * 0.78, box.y + box.height * 0.1); // the wall, background for all
    await expect.poll(() => page.locator(".reading").nth(1).innerText()).toMatch(/^background/);
    const places = await page.locator(".lens").evaluateAll((all) => all.map((one) => getComputedStyle(one).left));
    expect(new Set(places).size).toBe(1);
    await expect
      .poll(async () => [await linesOf(0), await linesOf(1), await linesOf(2), await linesOf(3)])
      .toEqual([
        expect.any(Number),
        2,
        4,
        8, // cells of 32, 16 and 8 pixels among 64
      ]);
    await page.mouse.move(5, 5);
    await page.getByRole("checkbox", { name: "Loupe" }).uncheck();
    expect(await page.locator(".lens:visible").count()).toBe(0);
    await page.getByRole("checkbox", { name: "Loupe" }).check();
  });

  it("names regions, unless it is asked not to", async () => {
    const { page } = demo();
    await page.locator(".surface").nth(1).focus();
    await page.keyboard.press("Escape"); // no loupe over the name
    expect(await page.locator(".region:visible").allInnerTexts()).toEqual(["person", "person", "person"]);
    await page.getByRole("checkbox", { name: "Names" }).uncheck();
    expect(await page.locator(".region").count()).toBe(0);
    await page.getByRole("checkbox", { name: "Names" }).check();
  });

  it("keeps the colours of classes where colours are forced, and in print", async () => {
    const { page } = demo();
    const swatch = () =>
      page
        .locator(".swatch")
        .first()
        .evaluate((one) => getComputedStyle(one).backgroundColor);
    const colour = await swatch();
    for (const media of [{ forcedColors: "active" }, { forcedColors: "none", media: "print" }] as const) {
      await page.emulateMedia(media);
      expect(await swatch()).toBe(colour);
    }
    await page.emulateMedia({ media: "screen" });
  });
});

describe("where they differ", () => {
  it("shows what changes from network to network, and how much", async () => {
    const { page } = demo();
    const maps = await nodeLabels(device(), "samples/photographs/astronaut.png", { width: 384, height: 384 });
    const share = (from: Uint8Array = new Uint8Array(), to: Uint8Array = new Uint8Array()): string =>
      formatShare(from.filter((label, i) => label !== to[i]).length / from.length).replace(/\s/, " ");
    await view("Where they differ").check();
    expect((await captions()).slice(1).map((text) => text.replace(/\s+/g, " "))).toEqual([
      `32s → 16s ${share(maps.fcn32s, maps.fcn16s)} of pixels change`,
      `16s → 8s ${share(maps.fcn16s, maps.fcn8s)} of pixels change`,
      `32s → 8s ${share(maps.fcn32s, maps.fcn8s)} of pixels change`,
    ]);
    // A person for all: grey, and not the black of a canvas on which nothing is drawn.
    const isGrey = (rgb: readonly number[]): boolean => new Set(rgb).size === 1 && rgb[0] !== 0;
    await expect.poll(async () => isGrey(await pixelOfPerson(1))).toBe(true);
    expect(await hash()).toContain("view=differ");
    expect(await violationsOf(page)).toEqual([]);
  });
});

describe("the divider", () => {
  it("compares any two of the picture and the networks, and is moved by keys", async () => {
    const { page } = demo();
    await view("Divider").check();
    expect(await page.locator(".panel:visible").count()).toBe(1);
    const divider = page.getByRole("slider", { name: "Divider" });
    await page.getByRole("combobox", { name: "Left of the divider" }).selectOption("Picture");
    await divider.focus();
    await page.keyboard.press("End");
    const bare = (await pixelOfPerson(0)).join();
    await expect.poll(async () => (await pixelOfPerson(3)).join()).toBe(bare);
    await page.getByRole("combobox", { name: "Left of the divider" }).selectOption("FCN-16s");
    await expect.poll(async () => (await pixelOfPerson(3)).join()).not.toBe(bare);
    await page.getByRole("combobox", { name: "Right of the divider" }).selectOption("Picture");
    await page.keyboard.press("Escape");
    await divider.focus();
    await page.keyboard.press("Home");
    await expect.poll(async () => (await pixelOfPerson(3)).join()).toBe(bare);
    expect(await violationsOf(page)).toEqual([]);
  });

  it("and what is beside it are in the address, which a reload keeps", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: cat" }).click());
    expect(await hash()).toBe("#sample=cat&view=divide&left=fcn16s&right=picture");
    await page.reload();
    await untilSegmented(page);
    expect(await view("Divider").isChecked()).toBe(true);
    expect(await page.locator("#divider-left").inputValue()).toBe("fcn16s");
    expect(await page.locator("[data-sample=cat]").getAttribute("aria-pressed")).toBe("true");
    await page.evaluate(() => (location.hash = "#sample=cat&view=fcn8s")); // as addresses once were
    await expect.poll(() => page.locator("#divider-right").inputValue()).toBe("fcn8s");
    await view("Side by side").check();
  });
});

describe("the figure of skips", () => {
  it("is drawn from the picture on show when it comes into view", async () => {
    const { page } = demo();
    expect(demo().asked.filter((path) => /\/(figure|explain)-.*\.js$/.test(path))).toEqual([]);
    await page.getByRole("link", { name: "How it works" }).click();
    await page.locator("#figure[aria-busy=false]").waitFor();
    expect(await innerTextOf(page, "#figure")).toMatch(/12 × 8, \d+ channels[\s\S]*48 × 32, \d+ channels/);
    expect(await innerTextOf(page, "#figure")).toMatch(/stride 8 [\d.]+\s% of cells change class[\s\S]*more cat/);
    expect(await hash()).toBe("#sample=cat");
    expect(await violationsOf(page)).toEqual([]);
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: astronaut" }).click());
    await page.getByRole("link", { name: "How it works" }).click();
    await expect.poll(() => innerTextOf(page, "#figure"), { timeout: 60_000 }).toContain("more person");
  });
});

/** Runs a script in the page's worker before its own. */
async function withWorkerScript(page: Page, script: string): Promise<void> {
  await page.route(/\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: script + (await response.text()) });
  });
}

describe("drawing", () => {
  it("falls back to the CPU where the GPU cannot draw", async () => {
    const page = await demo().openBlank();
    await withWorkerScript(
      page,
      `{ const { getContext } = OffscreenCanvas.prototype;
        OffscreenCanvas.prototype.getContext = function (kind, ...rest) {
          return kind === "webgpu" ? null : getContext.call(this, kind, ...rest);
        }; }`,
    );
    await page.goto(`${demo().url}#draw=gpu`);
    await untilSegmented(page);
    await expect.poll(async () => (await pixelOf(page, 3, 0.4, 0.75)).join()).toBe((await pixelOfPerson(3)).join());
    await page.close();
  });

  it("falls back to the CPU after a device that was lost as soon as the GPU drew", async () => {
    const page = await demo().openBlank();
    await withWorkerScript(
      page,
      `{ const { getContext } = OffscreenCanvas.prototype;
        self.kinds = [];
        OffscreenCanvas.prototype.getContext = function (kind, ...rest) {
          self.kinds.push(self.lost ? kind : "before the loss");
          if (kind === "webgpu" && !self.lost) setTimeout(() => {
            self.device.destroy();
            self.device.lost.then(() => (self.lost = true)); // once the page's worker has heard of it
          });
          return getContext.call(this, kind, ...rest);
        };
        const { requestDevice } = GPUAdapter.prototype;
        GPUAdapter.prototype.requestDevice = async function (...options) {
          return (self.device = await requestDevice.apply(this, options));
        }; }`,
    );
    await page.goto(`${demo().url}#draw=gpu`);
    await expect.poll(() => page.workers().length).toBe(1);
    const kinds = () => workerOf(page).evaluate(() => (globalThis as { kinds?: string[] }).kinds ?? []);
    await expect.poll(kinds).toContain("2d");
    await untilSegmented(page, /pixels in|is back/);
    expect(await kinds()).not.toContain("webgpu");
    expect(await kinds()).toContain("before the loss");
    await expect.poll(async () => (await pixelOf(page, 3, 0.4, 0.75)).join()).toBe((await pixelOfPerson(3)).join());
    await page.close();
  });
});

it("the page asked no other host, and logged no error", () => {
  expect([demo().foreign, demo().errors]).toEqual([[], []]);
});
