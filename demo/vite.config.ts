/** Bundles the page into a folder that any static server can serve, at any path. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import type { Plugin } from "vite";
import { compact } from "../scripts/compact-wgsl.mjs";
import { reachedFrom } from "../scripts/parts.mjs";
import { kernelsPage } from "./build/kernels-page.js";
import { thumbnailOf } from "./build/thumbnails.js";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Drops comments and spaces from shaders, as the package's build does. */
const compactShaders: Plugin = {
  name: "compact-shaders",
  enforce: "pre",
  load(id) {
    if (!id.endsWith(".wgsl?raw")) return undefined;
    const source = readFileSync(id.replace("?raw", ""), "utf8");
    return `export default ${JSON.stringify(compact(source))};`;
  },
};

/**
 * All shaders of the package are in one module. Kernels that only training uses get a copy of it, so that their shaders
 * are loaded with the code that trains.
 */
const trainingShaders: Plugin = {
  name: "training-shaders",
  enforce: "pre",
  resolveId(source, importer) {
    if (!importer || !source.endsWith("/wgsl.generated.js")) return undefined;
    const isOfEveryPage = reachedFrom(at("../dist/src/index.js")).has(importer);
    return isOfEveryPage ? undefined : `${at("../dist/shaders/wgsl.generated.js")}?training`;
  },
};

/** Names of the samples in the row, and their files. */
const SAMPLES = { astronaut: "astronaut", coffee: "coffee", cat: "chelsea" } as const;
const THUMBNAILS = "virtual:thumbnails";

const thumbnails: Plugin = {
  name: "thumbnails",
  resolveId: (source) => (source === THUMBNAILS ? `\0${THUMBNAILS}` : undefined),
  async load(id) {
    if (id !== `\0${THUMBNAILS}`) return undefined;
    const entries = Object.entries(SAMPLES).map(async ([name, file]) => {
      const path = at(`../samples/photographs/${file}.png`);
      const source = await thumbnailOf(path, at("../dist/src"));
      const reference = this.emitFile({ type: "asset", name: `${name}-small.png`, source });
      return `${JSON.stringify(name)}: import.meta.ROLLUP_FILE_URL_${reference}`;
    });
    return `export default { ${(await Promise.all(entries)).join(", ")} };`;
  },
};

/** Files beside the page that no module imports. */
const otherFiles: Plugin = {
  name: "other-files",
  generateBundle() {
    // Beside the other weights, where the library looks for them.
    const icons = "fcn-resnet101-w16-icons-f16.safetensors";
    this.emitFile({ type: "asset", fileName: `assets/${icons}`, source: readFileSync(at(`../weights/${icons}`)) });
    this.emitFile({ type: "asset", fileName: "kernels.html", source: kernelsPage(at("../shaders")) });
  },
};

/**
 * The document: without indents; it asks for the weights at once, with the request that the page's script makes later;
 * its style sheet loads from a file, too, where no request has an origin.
 */
const leanIndex: Plugin = {
  name: "lean-index",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle = {} }) {
      const weights = Object.keys(bundle).find((name) => /photos-f16[^/]*\.safetensors$/.test(name));
      const preload = weights === undefined ? "" : `<link rel="preload" as="fetch" crossorigin href="./${weights}">`;
      return html
        .replace('<link rel="stylesheet" crossorigin', `${preload}\n<link rel="stylesheet"`)
        .replace(/\n\s+/g, "\n");
    },
  },
};

export default defineConfig({
  root: at("."),
  base: "./",
  // The library's public entries, as `exports` in package.json names them.
  resolve: {
    alias: { "fcn-webgpu/train": at("../dist/src/train/index.js"), "fcn-webgpu": at("../dist/src/index.js") },
  },
  plugins: [thumbnails, otherFiles, leanIndex],
  build: {
    outDir: at("../out/page"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: {
    format: "es",
    plugins: () => [compactShaders, trainingShaders],
    rolldownOptions: { output: { comments: { annotation: false } } }, // notes for other bundlers
  },
});
