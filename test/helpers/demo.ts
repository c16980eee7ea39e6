/** The web page as a person finds it: built, served and opened in Chromium, with the hands to use it. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page, Worker } from "playwright-core";
import { PAGE, buildPage, servePage } from "../../scripts/page.mjs";
import { decodeLabelPng } from "../../src/image/png.js";
import type { LabelMap } from "../../src/image/png.js";
import { launch, watch } from "./page.js";
import type { OpenPage } from "./page.js";

export const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Put before the worker's script: keeps its devices where a test can destroy one. */
const KEEP_DEVICES = `{
  const { requestDevice } = GPUAdapter.prototype;
  self.devices = [];
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const device = await requestDevice.apply(this, options);
    self.devices.push(device);
    return device;
  };
}`;

/** Notes every task of the main thread that took more than 50 ms, the least that browsers report. */
function noteLongTasks(): void {
  const tasks: { start: number; duration: number }[] = [];
  Object.assign(globalThis, { longTasks: tasks });
  new PerformanceObserver((list) =>
    list.getEntries().forEach(({ startTime, duration }) => tasks.push({ start: startTime, duration })),
  ).observe({ type: "longtask", buffered: true });
}

export interface Demo extends OpenPage {
  readonly url: string;
  /** Another page of the same browser, not yet at any address. */
  blank(): Promise<Page>;
}

/** Builds the page where that is needed and opens it; resolves before the first picture is segmented. */
export async function openDemo(hash = ""): Promise<Demo> {
  buildPage();
  const { url, close } = await servePage(PAGE);
  const browser = await launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, bypassCSP: true }); // axe is a script of ours
  const page = await context.newPage();
  const seen = watch(page, url);
  await page.addInitScript(noteLongTasks);
  await page.route(/\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: KEEP_DEVICES + (await response.text()) });
  });
  await page.goto(url + hash);
  return {
    page,
    url,
    ...seen,
    blank: () => context.newPage(),
    async close() {
      await browser.close();
      await close();
    },
  };
}

/** Until the picture on show is segmented, and named so in the status line. */
export async function segmented(page: Page, name: RegExp = /pixels in/, timeout = 120_000): Promise<void> {
  await page.locator("#panels[aria-busy=false]").waitFor({ timeout });
  await page.locator("#status", { hasText: name }).waitFor({ timeout });
}

/** Does something that makes the networks run, and waits until they have. */
export async function andSegmented(page: Page, act: () => Promise<unknown>): Promise<void> {
  await page.evaluate(() => document.getElementById("status")?.replaceChildren());
  await act();
  await segmented(page);
}

/** What "Label map" saves for a variant. */
export async function savedLabels(page: Page, variant: string): Promise<LabelMap> {
  await page.selectOption("#save-variant", variant);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-labels")]);
  return decodeLabelPng(await readFile(await download.path()), download.suggestedFilename());
}

/** Drops or pastes a file of the repository, or a piece of text, on the page. */
export async function drop(page: Page, path: string | undefined, how: "drop" | "paste" = "drop"): Promise<void> {
  const base64 = path === undefined ? "" : (await readFile(inRepository(path))).toString("base64");
  await page.evaluate(
    ([bytes, name, way]) => {
      const dataTransfer = new DataTransfer();
      if (name) dataTransfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
      else dataTransfer.items.add("a piece of text", "text/plain");
      if (way === "paste")
        document.body.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: dataTransfer, bubbles: true, cancelable: true }),
        );
      else
        for (const type of ["dragenter", "dragover", "drop"])
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    },
    [base64, path?.split("/").at(-1) ?? "", how] as const,
  );
}

/** RGB of a pixel of a panel's canvas, at a share of its width and height. */
export async function pixelOf(page: Page, slot: number, x: number, y: number): Promise<number[]> {
  return page.evaluate(
    ([index, across, down]) => {
      const shown = document.querySelectorAll("canvas")[index] as HTMLCanvasElement;
      const copy = Object.assign(document.createElement("canvas"), { width: shown.width, height: shown.height });
      const context = copy.getContext("2d") as CanvasRenderingContext2D;
      context.drawImage(shown, 0, 0);
      return [
        ...context.getImageData(Math.floor(across * shown.width), Math.floor(down * shown.height), 1, 1).data,
      ].slice(0, 3);
    },
    [slot, x, y] as const,
  );
}

/** The worker that computes. */
export function workerOf(page: Page): Worker {
  const [worker] = page.workers();
  if (!worker) throw new Error("the page has no worker");
  return worker;
}

/** Tasks of the main thread longer than 100 ms since `start` of the page's clock. */
export async function blockedSince(page: Page, start: number): Promise<{ start: number; duration: number }[]> {
  return page.evaluate(
    (from) =>
      (globalThis as { longTasks?: { start: number; duration: number }[] }).longTasks?.filter(
        (task) => task.start >= from && task.duration > 100,
      ) ?? [],
    start,
  );
}
