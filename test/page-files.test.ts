/** Files on the web page: pictures and checkpoints that are dropped, pasted or chosen, and those that are refused. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { innerTextOf, longTasksSince, savedLabels, segmentedAfter, transfer, useDemo } from "./helpers/demo.js";
import { useDevice } from "./helpers/device.js";
import { nodeLabels } from "./helpers/node-labels.js";
import { agreement } from "./helpers/reference-maps.js";
import { root } from "./helpers/sources.js";

const device = useDevice();
const demo = useDemo();

const chooseFile = (input: "#open" | "#checkpoint", path: string): Promise<void> =>
  demo().page.setInputFiles(input, join(root, path));

const showCat = (): Promise<void> =>
  segmentedAfter(demo().page, () => demo().page.getByRole("button", { name: "Sample: cat" }).click());

describe("a picture", () => {
  it("that is dropped is segmented, and the main thread stays free", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => page.selectOption("#side", "256"));
    const start = await page.evaluate(() => performance.now());
    await segmentedAfter(page, () => transfer(page, "drop", "test/fixtures/val/15.png"));
    expect(await longTasksSince(page, start)).toEqual([]);
    expect(await page.locator("[data-sample][aria-pressed=true]").count()).toBe(0);
    const { width, height, labels } = await savedLabels(page, "fcn8s");
    expect([width, height]).toEqual([131, 97]);
    const expected = await nodeLabels(device(), "test/fixtures/val/15.png", { width, height });
    expect(agreement(labels, expected.fcn8s ?? [])).toBeGreaterThanOrEqual(0.999);
  });

  it("gets nearly the same labels when numbers are stored in f16", async () => {
    const { page } = demo();
    const { labels } = await savedLabels(page, "fcn8s");
    expect(await innerTextOf(page, "#auto-text"), "on opening").toBe("Auto (f32)");
    await segmentedAfter(page, () => page.getByRole("radio", { name: "f16", exact: true }).check());
    expect(await innerTextOf(page, "#auto-text")).toBe("Auto");
    expect(agreement((await savedLabels(page, "fcn8s")).labels, labels)).toBeGreaterThan(0.995);
    await segmentedAfter(page, () => page.getByRole("radio", { name: "f32", exact: true }).check());
    expect((await savedLabels(page, "fcn8s")).labels).toEqual(labels);
    await segmentedAfter(page, () => page.getByRole("radio", { name: "Auto" }).check());
    expect(await innerTextOf(page, "#auto-text")).toBe("Auto (f32)");
    expect((await savedLabels(page, "fcn8s")).labels).toEqual(labels);
  });

  it("that is pasted is segmented; a paste or drop without a file says what to do", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => transfer(page, "paste", "test/fixtures/val/14.png"));
    expect((await savedLabels(page, "fcn8s")).width).toBe(224);
    for (const [how, sentence] of [
      ["paste", "The clipboard holds no picture: copy one, or a file, and paste again."],
      ["drop", "The dropped item is not a file: save the picture first, or copy and paste it."],
    ] as const) {
      await transfer(page, how);
      await expect.poll(() => innerTextOf(page, "#alert-text")).toBe(sentence);
      await page.click("#dismiss");
    }
  });

  it("that cannot be decoded is refused in a sentence, and the last one stays on show", async () => {
    const { page } = demo();
    await showCat();
    await chooseFile("#open", "package.json");
    await expect
      .poll(() => innerTextOf(page, "#alert-text"))
      .toBe("package.json is not a picture this browser can read: choose a PNG, JPEG, WebP, AVIF or GIF file.");
    await page.click("#dismiss");
    expect(await page.locator("#alert").isVisible()).toBe(false);
    expect(await page.locator("[data-sample=cat]").getAttribute("aria-pressed")).toBe("true");
    // Another precision segments the picture on show again.
    await segmentedAfter(page, () => page.getByRole("radio", { name: "f32", exact: true }).check());
    await segmentedAfter(page, () => page.getByRole("radio", { name: "Auto" }).check());
  });
});

describe("a checkpoint", () => {
  it("that is broken is refused in a sentence, and the networks stay", async () => {
    const { page } = demo();
    await chooseFile("#checkpoint", "test/fixtures/checkpoints/bad-truncated.pth");
    await expect.poll(() => innerTextOf(page, "#alert-text")).toMatch(/^bad-truncated\.pth.{20,}\.$/s);
    await showCat();
    expect(await innerTextOf(page, "#legend")).toContain("cat");
    expect(await innerTextOf(page, "#network-name")).toBe("Built-in weights");
  });

  it("runs in place of the built-in one", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => chooseFile("#checkpoint", "test/fixtures/checkpoints/fcn-resnet101-w16.pth"));
    expect(await innerTextOf(page, "#network-name")).toBe("fcn-resnet101-w16.pth");
    expect(await page.locator("#notice").isVisible()).toBe(false);
    await segmentedAfter(page, () => page.getByRole("button", { name: "Use built-in weights" }).click());
    expect(await innerTextOf(page, "#network-name")).toBe("Built-in weights");
  });
});

it("the page asked no other host, and logged no error", () => {
  expect([demo().foreign, demo().errors]).toEqual([[], []]);
});
