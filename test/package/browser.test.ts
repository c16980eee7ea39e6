/** The installed package in Chromium: without a bundler, in a module worker, and as Vite serves and builds it. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createServer } from "vite";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { decodePng } from "../../src/image/png.js";
import { useInstalled } from "../helpers/installed.js";
import { openPage } from "../helpers/page.js";
import type { OpenPage } from "../helpers/page.js";
import { agreement, fixture, referencePictures } from "../helpers/reference-maps.js";

const installed = useInstalled();
const reference = referencePictures("test/fixtures/val").find(({ name }) => name.endsWith("/15"));
if (!reference) throw new Error("no picture 15");
const { torch } = reference;
const { width, height, data } = decodePng(fixture(reference.path));

/** Sets globals of the page that segment a picture: in the page itself and in a worker. */
const page = (library: string, worker: string): string => `
import { loadFcn } from "${library}";
globalThis.inPage = async (picture) => {
  const fcn = await loadFcn({ variant: "fcn32s" });
  const { labels } = await fcn.segment(picture);
  fcn.dispose();
  return Array.from(labels);
};
globalThis.inWorker = (picture) => new Promise((resolve, reject) => {
  const worker = new Worker(new URL("${worker}", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error("worker: " + message));
  worker.postMessage(picture);
});
`;
const worker = (library: string): string => `
import { loadFcn } from "${library}";
addEventListener("message", async ({ data }) => {
  const fcn = await loadFcn({ variant: "fcn32s" });
  const { labels } = await fcn.segment(data);
  postMessage(Array.from(labels));
});
`;

let open: OpenPage | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function expectLabels(where: "inPage" | "inWorker"): Promise<void> {
  if (!open) throw new Error("no page is open");
  await open.page.waitForFunction(() => "inWorker" in globalThis);
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

const clean = (): void => expect([open?.foreign, open?.errors]).toEqual([[], []]);

describe("a static folder", () => {
  it("serves a page and a worker that import the package by its address", async () => {
    const address = "./node_modules/fcn-webgpu/dist/src/index.js";
    installed().write("plain/worker.js", worker(`.${address}`));
    open = await openPage(`<script type="module">${page(address, "./plain/worker.js")}</script>`, installed().folder);
    await expectLabels("inPage");
    await expectLabels("inWorker");
    clean();
  });

  it("serves a page with an import map", async () => {
    const { exports } = installed().manifest;
    const imports = Object.fromEntries(
      [".", "./kernels", "./eval"].map((entry) => [
        entry.replace(".", "fcn-webgpu"),
        `./node_modules/fcn-webgpu/${(exports[entry] as { default: string }).default}`,
      ]),
    );
    const code =
      'import { conv2d } from "fcn-webgpu/kernels"; import { ConfusionMatrix } from "fcn-webgpu/eval"; globalThis.parts = [typeof conv2d, typeof ConfusionMatrix];';
    open = await openPage(
      `<script type="importmap">${JSON.stringify({ imports })}</script><script type="module">${page("fcn-webgpu", "./plain/worker.js")}${code}</script>`,
      installed().folder,
    );
    await expectLabels("inPage");
    expect(await open.page.evaluate("parts")).toEqual(["object", "function"]);
    clean();
  });
});

describe("Vite", () => {
  beforeAll(() => {
    installed().write(
      "index.html",
      '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>app</title></head><body><script type="module" src="/app/main.js"></script></body></html>',
    );
    installed().write("app/main.js", page("fcn-webgpu", "./worker.js"));
    installed().write("app/worker.js", worker("fcn-webgpu"));
  });

  it("serves an app while it is written", async () => {
    const server = await createServer({
      root: installed().folder,
      configFile: false,
      logLevel: "silent",
      server: { host: "127.0.0.1", port: 0 },
    });
    try {
      await server.listen();
      open = await openPage("");
      await open.page.goto(server.resolvedUrls?.local[0] ?? "");
      await expectLabels("inPage");
      await expectLabels("inWorker");
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
    expect(assets.map((file) => file.replace(/-[\w-]{8}\./, ".")).sort()).toEqual([
      "fcn-resnet101-w16-icons-f16.safetensors",
      "index.js",
      "worker.js",
    ]);
    // Nothing of Node's own WebGPU, nor of its other parts.
    for (const file of assets.filter((name) => name.endsWith(".js")))
      expect(readFileSync(join(built, "assets", file), "utf8")).not.toMatch(
        /dawn\.node|require\(|from\s*["']node:|pngjs/,
      );
    const code = assets
      .filter((file) => file.startsWith("index"))
      .map((file) => gzipSync(readFileSync(join(built, "assets", file))).length);
    expect(code[0]).toBeLessThan(60_000);
    open = await openPage(readFileSync(join(built, "index.html"), "utf8"), built);
    await expectLabels("inPage");
    await expectLabels("inWorker");
    clean();
  });
});
