/** The web page as a person finds it, built, served and opened in Chromium, and what a person does there. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import axe from "axe-core";
import type { Page, Worker } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { PAGE, buildPage, servePage } from "../../scripts/page.mjs";
import { decodeLabelPng } from "../../src/image/png.js";
import type { LabelMap } from "../../src/image/png.js";
import { launch, watch } from "./page.js";
import type { OpenPage } from "./page.js";
import { root } from "./sources.js";

/** Only a guard against hanging, in milliseconds: a slow machine may take long to the first label maps. */
const FIRST_PICTURE_TIMEOUT = 180_000;

/** A camera that draws few pictures a second, since the drawing takes time from the networks. */
const CAMERA = ["--use-fake-device-for-media-stream=fps=5", "--use-fake-ui-for-media-stream"];

/** Put before the worker's script: lists its devices, so that a test can destroy one. */
const KEEP_DEVICES = `{
  const { requestDevice } = GPUAdapter.prototype;
  self.devices = [];
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const device = await requestDevice.apply(this, options);
    self.devices.push(device);
    return device;
  };
}`;

export interface Demo extends OpenPage {
  readonly url: string;
  /** Files that the page asked its server for. */
  readonly asked: readonly string[];
  /** Opens another page of the same browser, without an address. */
  openBlank(): Promise<Page>;
}

/** Builds the page if needed and opens it. Does not wait until the first picture is segmented. */
async function openDemo(): Promise<Demo> {
  buildPage();
  const { url, close } = await servePage(PAGE);
  const browser = await launch(...CAMERA);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const seen = watch(page, url);
  const asked: string[] = [];
  page.on("request", (request) => void (request.url().startsWith(url) && asked.push(request.url().replace(url, ""))));
  await page.route(/\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: KEEP_DEVICES + (await response.text()) });
  });
  await page.goto(url);
  return {
    page,
    url,
    ...seen,
    asked,
    openBlank: () => context.newPage(),
    async close() {
      await browser.close();
      await close();
    },
  };
}

/** The page for the tests of a file, open and with its first picture segmented. */
export function useDemo(): () => Demo {
  let demo: Demo | undefined;
  beforeAll(async () => {
    demo = await openDemo();
    await untilSegmented(demo.page, /pixels in/, FIRST_PICTURE_TIMEOUT);
  });
  afterAll(() => demo?.close());
  return () => {
    if (!demo) throw new Error("the page is opened before the tests of a file run");
    return demo;
  };
}

export const innerTextOf = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

/** Waits until the picture on show is segmented and the status line says so. */
export async function untilSegmented(page: Page, status: RegExp = /pixels in/, timeout = 120_000): Promise<void> {
  await page.locator("#panels[aria-busy=false]").waitFor({ state: "attached", timeout }); // "Teach it" hides them
  await page.locator("#status", { hasText: status }).waitFor({ timeout });
}

/** Does something that makes the networks run, and waits until they have. */
export async function segmentedAfter(page: Page, act: () => Promise<unknown>): Promise<void> {
  await page.evaluate(() => document.getElementById("status")?.replaceChildren());
  await act();
  await untilSegmented(page);
}

/** The file that "Label map" saves for a variant. */
export async function savedLabels(page: Page, variant: string): Promise<LabelMap> {
  await page.selectOption("#save-variant", variant);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-labels")]);
  return decodeLabelPng(await readFile(await download.path()), download.suggestedFilename());
}

/** Drops or pastes a file of the repository on the page, or a piece of text without a `path`. */
export const transfer = async (page: Page, how: "drop" | "paste", path?: string): Promise<void> =>
  transferred(page, how, basename(path ?? ""), path === undefined ? Buffer.of() : await readFile(join(root, path)));

/** Drops a file of these bytes on the page. */
export const droppedFile = (page: Page, name: string, bytes: Buffer): Promise<void> =>
  transferred(page, "drop", name, bytes);

/** A piece of text if there is no `name`. */
function transferred(page: Page, how: "drop" | "paste", name: string, bytes: Buffer): Promise<void> {
  return page.evaluate(
    ([type, base64, fileName]) => {
      const data = new DataTransfer();
      if (fileName) data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], fileName));
      else data.items.add("a piece of text", "text/plain");
      const options = { bubbles: true, cancelable: true };
      if (type === "paste") {
        document.body.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
        return;
      }
      for (const step of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(step, { ...options, dataTransfer: data }));
    },
    [how, bytes.toString("base64"), name] as const,
  );
}

/** What axe finds on the page as it is, in both colour schemes. */
export async function violationsOf(page: Page): Promise<string[]> {
  const found: string[] = [];
  await page.evaluate(axe.source); // not by a script element, which the page's security policy forbids
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    for (const { id, nodes } of violations)
      found.push(`${colorScheme} ${id} ${nodes.map(({ html }) => html).join(" ")}`);
  }
  return found;
}

/** RGB of a pixel of a panel's canvas, or of its loupe, at a share of its width and height. */
export async function pixelOf(
  page: Page,
  slot: number,
  x: number,
  y: number,
  canvas: "drawn" | "lens" = "drawn",
): Promise<number[]> {
  return page.evaluate(
    ([index, across, down, kind]) => {
      const shown = document.querySelectorAll(`.panel canvas.${kind}`)[index] as HTMLCanvasElement;
      const { width, height } = shown;
      const copy = Object.assign(document.createElement("canvas"), { width, height });
      const context = copy.getContext("2d") as CanvasRenderingContext2D;
      context.drawImage(shown, 0, 0);
      const { data } = context.getImageData(Math.floor(across * width), Math.floor(down * height), 1, 1);
      return [...data.slice(0, 3)];
    },
    [slot, x, y, canvas] as const,
  );
}

/** The worker that computes. */
export function workerOf(page: Page): Worker {
  const [worker] = page.workers();
  if (!worker) throw new Error("the page has no worker");
  return worker;
}
