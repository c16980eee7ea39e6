/** Files on the web page: pictures and checkpoints that are dropped, pasted or chosen, and those that are refused. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NAMED_CHOICES } from "../demo/src/weights/named.js";
import { encodePng } from "../src/image/png.js";
import { WEIGHTS_FACTS } from "../src/weights/catalogue-facts.js";
import type { WeightsName } from "../src/weights/catalogue.js";
import { innerTextOf, savedLabels, segmentedAfter, transfer, untilSegmented, useDemo } from "./helpers/demo.js";
import { useDevice } from "./helpers/device.js";
import { longTasksDuring } from "./helpers/long-tasks.js";
import { nodeLabels } from "./helpers/node-labels.js";
import { pngFile } from "./helpers/png-bytes.js";
import { QUICK_NAME, useQuickNetwork } from "./helpers/quick-network.js";
import { agreement } from "./helpers/reference-maps.js";
import { root } from "./helpers/sources.js";

const device = useDevice();
const demo = useDemo();

const chooseFile = (input: "#open" | "#checkpoint", path: string): Promise<void> =>
  demo().page.setInputFiles(input, join(root, path));

/** How often weights were downloaded. */
const downloads = (): number => demo().asked.filter((path) => path.endsWith(".safetensors")).length;

const showCat = (): Promise<void> =>
  segmentedAfter(demo().page, () => demo().page.getByRole("button", { name: "Sample: cat" }).click());

describe("a picture", () => {
  it("that is dropped is segmented, and the main thread stays free", async () => {
    const { page } = demo();
    const drop = () => segmentedAfter(page, () => transfer(page, "drop", "test/fixtures/val/15.png"));
    expect(await longTasksDuring(page, drop)).toEqual([]);
    expect(await page.locator("[data-sample][aria-pressed=true]").count()).toBe(0);
    const { width, height, labels } = await savedLabels(page, "fcn8s");
    expect([width, height]).toEqual([131, 97]);
    const expected = await nodeLabels(device(), "test/fixtures/val/15.png", { width, height });
    expect(agreement(labels, expected.fcn8s ?? [])).toBeGreaterThanOrEqual(0.999);
  });

  it("gets nearly the same labels when numbers are stored in f16", async () => {
    const { page } = demo();
    expect(await innerTextOf(page, "#auto-text"), "on opening").toBe("Auto (f32)");
    await useQuickNetwork(page); // software takes more than ten times as long to run in f16
    const { labels } = await savedLabels(page, "fcn8s");
    expect(new Set(labels).size).toBeGreaterThan(1);
    await segmentedAfter(page, () => page.getByRole("radio", { name: "f16", exact: true }).check());
    expect(await innerTextOf(page, "#auto-text")).toBe("Auto");
    expect(agreement((await savedLabels(page, "fcn8s")).labels, labels)).toBeGreaterThan(0.995);
    await page.getByRole("radio", { name: "f32", exact: true }).check(); // its run is stopped by the next choice
    await segmentedAfter(page, () => page.getByRole("radio", { name: "Auto" }).check());
    expect(downloads()).toBe(1);
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
  });

  it("that is a sample and cannot be fetched leaves what was", async () => {
    const { page } = demo();
    await page.route("**/coffee-*.png", (route) => route.fulfill({ status: 503 }));
    await page.getByRole("button", { name: "Sample: coffee" }).click();
    await expect
      .poll(() => innerTextOf(page, "#alert-text"))
      .toBe('The sample "coffee" could not be loaded: the server answered 503.');
    await page.evaluate(() => scrollTo(0, 400));
    expect((await page.locator("#alert").boundingBox())?.y, "in the header, which stays").toBeGreaterThan(0);
    await page.click("#dismiss");
    expect(await page.locator("[data-sample=cat]").getAttribute("aria-pressed")).toBe("true");
    expect(await innerTextOf(page, "#legend")).toContain("cat");
  });

  it("that is the first sample and cannot be fetched leaves a page that is ready, at any precision", async () => {
    const page = await demo().openBlank();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.route(/astronaut-[\w-]{8}\.png$/, (route) => route.fulfill({ status: 503 }));
    await page.goto(demo().url);
    await untilSegmented(page, /^Ready: open a picture$/);
    expect(await innerTextOf(page, "#alert-text")).toMatch(/^The sample "astronaut" could not be loaded/);
    expect(await page.locator("#alert").isVisible()).toBe(true);
    await page.context().setOffline(true); // nothing is downloaded for another precision
    await page.getByRole("radio", { name: "f16", exact: true }).check();
    await expect.poll(() => innerTextOf(page, "#auto-text")).toBe("Auto");
    await page.context().setOffline(false);
    await page.getByRole("radio", { name: "Auto" }).check();
    await expect.poll(() => innerTextOf(page, "#auto-text")).toBe("Auto (f32)");
    expect(asked.filter((url) => url.endsWith(".safetensors")).length).toBe(1);
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: cat" }).click());
    await page.close();
  });

  it("is one of several to step through, if several are dropped", async () => {
    const { page } = demo();
    await segmentedAfter(page, () =>
      page.setInputFiles(
        "#open",
        [15, 14].map((n) => join(root, `test/fixtures/val/${n}.png`)),
      ),
    );
    expect(await innerTextOf(page, "#save-size")).toBe("131 × 97 px");
    await segmentedAfter(page, () => page.getByRole("button", { name: "14.png" }).first().click());
    expect(await innerTextOf(page, "#save-size")).toBe("224 × 224 px");
    expect(await page.getByRole("button", { name: "15.png", pressed: false }).count()).toBeGreaterThan(0);
  });

  it("of more than 24 that are opened leaves the first 24 to step through, and says so", async () => {
    const { page } = demo();
    const buffer = Buffer.from(encodePng({ width: 40, height: 30, data: new Uint8Array(40 * 30 * 4).fill(200) }));
    const files = Array.from({ length: 30 }, (_, i) => ({ name: `many-${i}.png`, mimeType: "image/png", buffer }));
    await segmentedAfter(page, () => page.setInputFiles("#open", files));
    expect(await innerTextOf(page, "#alert-text")).toBe("24 of 30 pictures were opened: the page keeps no more.");
    await page.click("#dismiss");
    const own = page.locator("#samples button:not([data-sample])");
    await expect
      .poll(() => own.evaluateAll((all) => all.map((one) => (one as HTMLElement).title)))
      .toEqual(files.slice(0, 24).map(({ name }) => name));
    expect(await own.first().getAttribute("aria-pressed")).toBe("true");
    const broken = { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
    await page.setInputFiles("#open", broken);
    await expect.poll(() => innerTextOf(page, "#alert-text")).toMatch(/^broken\.png is not a picture/);
    await page.click("#dismiss");
    expect(await own.first().getAttribute("aria-pressed"), "the one on show is not the oldest to go").toBe("true");
    expect(await own.first().getAttribute("title")).toBe("many-0.png");
  });

  it("of more than 24 megapixels is saved at the size that the page says", async () => {
    const { page } = demo();
    const [width, height, rowBytes] = [6100, 4100, 764]; // of one bit a pixel, behind the filter's byte
    const buffer = pngFile({ width, height, depth: 1, colourType: 0 }, new Uint8Array(rowBytes * height));
    await segmentedAfter(page, () => page.setInputFiles("#open", { name: "vast.png", mimeType: "image/png", buffer }));
    const saved = await savedLabels(page, "fcn8s");
    expect(await innerTextOf(page, "#save-size")).toBe(`${saved.width} × ${saved.height} px`);
    expect(saved.width * saved.height).toBeGreaterThan(23.9e6);
    expect(saved.width * saved.height).toBeLessThan(24.1e6);
  });

  it("of which nothing is recognised is said to be so; a tall one has four panels in a row", async () => {
    const { page } = demo();
    const [width, height] = [90, 160];
    const buffer = Buffer.from(encodePng({ width, height, data: new Uint8Array(width * height * 4).fill(255) }));
    const file = { name: "white.png", mimeType: "image/png", buffer };
    await segmentedAfter(page, () => page.setInputFiles("#open", file));
    expect(await innerTextOf(page, "#legend")).toContain("Nothing of the 20 classes was recognised in this picture.");
    const boxes = await page.locator(".panel").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
    expect(new Set(boxes.map(({ top }) => top)).size).toBe(1);
    expect(Math.max(...boxes.map(({ bottom }) => bottom))).toBeLessThan(800);
  });
});

describe("a checkpoint", () => {
  it("is chosen in a part of the page that is loaded when it is opened", async () => {
    const { page } = demo();
    expect(demo().asked.filter((path) => path.includes("weights-panel"))).toEqual([]);
    await page.click("#weights-open");
    await page.getByRole("button", { name: /^Use torchvision, ResNet.50$/ }).waitFor();
    expect(await innerTextOf(page, "#weights-panel")).toMatch(/Icons\s+5\.7\sMB[\s\S]*ResNet.50\s+141\.6\sMB/);
    for (const { name, bytes } of NAMED_CHOICES) expect(bytes).toBe(WEIGHTS_FACTS[name as WeightsName].bytes);
  });

  it("runs in place of the built-in one", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => chooseFile("#checkpoint", "test/fixtures/checkpoints/fcn-resnet101-w16.pth"));
    expect(await innerTextOf(page, "#network-name")).toBe("fcn-resnet101-w16.pth");
    expect(await page.locator("#notice").isVisible()).toBe(false);
    await segmentedAfter(page, () => page.getByRole("button", { name: "Use built-in weights" }).click());
    expect(await innerTextOf(page, "#network-name")).toBe("Built-in weights");
  });

  it("that is broken is refused in a sentence, and the networks stay", async () => {
    const { page } = demo();
    await chooseFile("#checkpoint", "test/fixtures/checkpoints/bad-truncated.pth");
    await expect.poll(() => innerTextOf(page, "#alert-text")).toMatch(/^bad-truncated\.pth.{20,}\.$/s);
    await showCat();
    expect(await innerTextOf(page, "#legend")).toContain("cat");
    expect(await innerTextOf(page, "#network-name")).toBe("Built-in weights");
  });

  it("is kept in the browser until it is removed", async () => {
    const { page } = demo();
    await page.reload();
    await untilSegmented(page);
    await page.click("#weights-open");
    await segmentedAfter(page, () => page.getByRole("button", { name: "Use fcn-resnet101-w16.pth" }).click());
    expect(await innerTextOf(page, "#network-name")).toBe("fcn-resnet101-w16.pth");
    for (const name of ["fcn-resnet101-w16.pth", QUICK_NAME])
      await page.getByRole("button", { name: `Remove ${name} from this browser` }).click();
    await expect.poll(() => page.locator(".kept li").count()).toBe(0);
  });

  it("comes from an address that a person gives, once, or is refused in a sentence", async () => {
    const { page, url } = demo();
    await segmentedAfter(page, () => chooseFile("#open", "test/fixtures/val/15.png"));
    const [address] = demo().asked.filter((path) => /photos.*\.safetensors$/.test(path));
    const load = async (text: string): Promise<void> => {
      await page.getByRole("textbox", { name: "Address" }).fill(text);
      await page.getByRole("button", { name: "Load", exact: true }).click();
    };
    const field = page.getByRole("textbox", { name: "Address" });
    const allowed = ["https://a.org/net.pth", "http://localhost:80"];
    for (const typed of [...allowed, "http://a.org/x", "http://localhost.org/"]) {
      await field.fill(typed);
      const isAccepted = await field.evaluate((input: HTMLInputElement) => input.checkValidity());
      expect(isAccepted, "as the page's policy").toBe(allowed.includes(typed));
    }
    await load(`${url}nothing.safetensors`);
    await expect.poll(() => innerTextOf(page, "#alert-text")).toMatch(/nothing\.safetensors: .*404/);
    expect(await innerTextOf(page, "#network-name")).toBe("fcn-resnet101-w16.pth");
    await segmentedAfter(page, () => load(url + address));
    expect(await innerTextOf(page, "#network-name")).toMatch(/^fcn-mobilenet-v2-photos/);
    await page.getByRole("button", { name: /^Use fcn-mobilenet/ }).waitFor();
  });

  it("may be one that has a name", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => page.getByRole("button", { name: "Use Icons" }).click());
    expect(await innerTextOf(page, "#network-name")).toBe("icons");
    expect(await innerTextOf(page, "#network-description")).toMatch(/ResNet.101.*0\.25 of the published width/);
  });
});

it("the page asked no other host, and logged no error", () => {
  // Tests asked for some in vain.
  const errors = demo().errors.filter((error) => !/status of (404|503)|DISCONNECTED/.test(error));
  expect([demo().foreign, errors]).toEqual([[], []]);
});
