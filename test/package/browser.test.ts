/** The installed package in Chromium: without a bundler, in a module worker, and as Vite serves and builds it. */
import { cpSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { createServer } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { useInstalled } from "../helpers/installed.js";
import { DRAWING, PHOTOGRAPH } from "../helpers/known-pictures.js";
import { launch, openPage } from "../helpers/page.js";
import type { OpenPage } from "../helpers/page.js";
import { agreement } from "../helpers/reference-maps.js";
import { root } from "../helpers/sources.js";

/** A page that segments may download at most this much JavaScript, gzipped. */
const MAX_GZIPPED_BYTES = 60_000;

const installed = useInstalled();

/** Runs in the page and in the worker: the part of the package that gives features loads there. */
const FEATURES = `
const withFeatures = async (fcn) => {
  const { name, channels } = fcn.stages.at(-1);
  const picture = { width: 32, height: 32, data: new Uint8Array(4 * 32 * 32) };
  const { [name]: map } = await fcn.features(picture, [name]);
  if (map.shape[1] !== channels) throw new Error("features of another shape: " + map.shape);
};
`;
/** A module that gives a page two globals: `inPage` segments a picture there, `inWorker` in a worker. */
const pageModule = (library: string, worker: string): string => `
import { loadFcn } from "${library}";
${FEATURES}
globalThis.inPage = async (picture) => {
  const fcn = await loadFcn({ variant: "fcn32s", resize: "none" });
  const { labels } = await fcn.segment(picture);
  await withFeatures(fcn);
  fcn.dispose();
  return Array.from(labels);
};
globalThis.inWorker = (picture, weights) => new Promise((resolve, reject) => {
  const worker = new Worker(new URL("${worker}", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error("worker: " + message));
  worker.postMessage({ picture, weights });
});
globalThis.withPth = async (picture) => {
  const fcn = await loadFcn({ variant: "fcn32s", weights: "/net.pth" });
  const { labels } = await fcn.segment(picture);
  fcn.dispose();
  return Array.from(labels);
};
globalThis.inWorkerWithPth = (picture) => globalThis.inWorker(picture, new URL("/net.pth", location.href).href);
`;
const workerModule = (library: string): string => `
import { loadFcn } from "${library}";
${FEATURES}
addEventListener("message", async ({ data }) => {
  const { picture, weights } = data;
  const fcn = await loadFcn({ variant: "fcn32s", resize: "none", ...(weights && { weights }) });
  const { labels } = await fcn.segment(picture);
  await withFeatures(fcn);
  postMessage(Array.from(labels));
});
`;
const moduleScript = (code: string): string => `<script type="module">${code}</script>`;

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());
let open: OpenPage | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

type Place = "inPage" | "inWorker" | "withPth" | "inWorkerWithPth";

async function expectLabels(where: Place): Promise<void> {
  if (!open) throw new Error("no page is open");
  await open.page.waitForFunction(() => "inWorker" in globalThis);
  const { picture, torch } = where.endsWith("Pth") ? DRAWING : PHOTOGRAPH;
  const { width, height, data } = picture;
  const labels = await open.page.evaluate(
    ({ where: name, base64, ...size }) => {
      const pixels = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const run = (globalThis as unknown as Record<string, (picture: object) => Promise<number[]>>)[name];
      if (!run) throw new Error(`the page has no ${name}`);
      return run({ ...size, data: pixels });
    },
    { where, base64: Buffer.from(data).toString("base64"), width, height },
  );
  expect(agreement(labels, torch("fcn32s"))).toBeGreaterThanOrEqual(0.999);
}

const expectNoErrors = (): void => expect([open?.foreign, open?.errors]).toEqual([[], []]);

/** The weights for icons as PyTorch saves them. A page loads the reader of such files when it opens one. */
const PTH = "test/fixtures/checkpoints/fcn-resnet101-w16.pth";
beforeAll(() => cpSync(join(root, PTH), join(installed().folder, "net.pth")));

describe("a static folder", () => {
  it("serves a page and a worker that import the package by its address", async () => {
    const address = "./node_modules/fcn-webgpu/dist/src/index.js";
    installed().write("plain/worker.js", workerModule(`.${address}`));
    open = await openPage(moduleScript(pageModule(address, "./plain/worker.js")), installed().folder, browser);
    await expectLabels("inPage");
    await expectLabels("inWorker");
    await expectLabels("withPth");
    expectNoErrors();
  });

  /** What a page without a bundler writes to import the package by name. */
  function importMap(): string {
    const { exports } = installed().manifest;
    const imports = [".", "./kernels", "./eval", "./image"].map((entry) => {
      const { default: file } = exports[entry] as { default: string };
      return [entry.replace(".", "fcn-webgpu"), `./node_modules/fcn-webgpu/${file}`];
    });
    return `<script type="importmap">${JSON.stringify({ imports: Object.fromEntries(imports) as object })}</script>`;
  }

  it("serves a page with an import map", async () => {
    const otherEntries = `
      import { conv2d } from "fcn-webgpu/kernels";
      import { ConfusionMatrix } from "fcn-webgpu/eval";
      import { labelPng, readLabelPng } from "fcn-webgpu/image";
      globalThis.parts = [typeof conv2d, typeof ConfusionMatrix];
      const png = await labelPng(Uint8Array.of(0, 15, 255), 3, 1);
      globalThis.read = async (end) => (await readLabelPng(png.subarray(0, end))).labels.join();
      globalThis.refused = (end) => globalThis.read(end).catch(({ code }) => code);`;
    const code = pageModule("fcn-webgpu", "./plain/worker.js") + otherEntries;
    open = await openPage(importMap() + moduleScript(code), installed().folder, browser);
    await expectLabels("inPage");
    expect(await open.page.evaluate("parts")).toEqual(["object", "function"]);
    expect(await open.page.evaluate("Promise.all([read(), refused(-12), refused(-16), refused(50)])")).toEqual([
      "0,15,255", // whole
      "0,15,255", // without its end, behind the pixels
      "bad-image",
      "bad-image",
    ]);
    expectNoErrors();
  });
});

describe("Vite", () => {
  beforeAll(() => {
    const head = '<head><meta charset="utf-8"><title>app</title></head>';
    const body = '<body><script type="module" src="/app/main.js"></script></body>';
    installed().write("index.html", `<!doctype html><html lang="en">${head}${body}</html>`);
    installed().write("app/main.js", pageModule("fcn-webgpu", "./worker.js"));
    installed().write("app/worker.js", workerModule("fcn-webgpu"));
  });

  it("serves an app during development", async () => {
    const server = await createServer({
      root: installed().folder,
      configFile: false,
      logLevel: "silent",
      server: { host: "127.0.0.1", port: 0 },
    });
    try {
      await server.listen();
      open = await openPage("", root, browser);
      await open.page.goto(server.resolvedUrls?.local[0] ?? "");
      await expectLabels("inPage");
      await expectLabels("inWorker");
      await expectLabels("withPth");
      await expectLabels("inWorkerWithPth");
      expect(open.errors).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it("builds an app, with a worker, that segments", async () => {
    const { code: exit, out, err } = await installed().tool("vite", "build", "--logLevel", "warn");
    expect([exit, out, err]).toEqual([0, "", ""]);
    const built = join(installed().folder, "dist");
    const assets = readdirSync(join(built, "assets"));
    const textOf = (asset: string): string => readFileSync(join(built, "assets", asset), "utf8");
    expect(assets.map((file) => file.replace(/-[\w-]{8}\./, ".")).sort()).toEqual([
      "bands.bundle.js",
      "extras.bundle.js",
      "fcn-mobilenet-v2-photos-f16.safetensors",
      "index.js",
      "matrix-probe.bundle.js",
      "others.bundle.js",
      "own-heads.bundle.js",
      "pth-readers.bundle.js",
      "rare-shaders.bundle.js",
      "sha256.bundle.js",
      "stage-timer.bundle.js",
      "tuner.bundle.js",
      "worker.js",
    ]);
    const ofNode = /dawn\.node|require\(|from\s*["']node:|pngjs/;
    for (const file of assets.filter((name) => name.endsWith(".js"))) expect(textOf(file)).not.toMatch(ofNode);
    const index = assets.find((file) => file.startsWith("index")) ?? "";
    expect(gzipSync(textOf(index)).length).toBeLessThan(MAX_GZIPPED_BYTES);
    cpSync(join(root, PTH), join(built, "net.pth"));
    open = await openPage(readFileSync(join(built, "index.html"), "utf8"), built, browser);
    for (const place of ["inPage", "inWorker", "withPth", "inWorkerWithPth"] as const) await expectLabels(place);
    expectNoErrors();
  });
});
