/** Bundles the page into a folder that any static server can serve, at any path. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import type { Plugin } from "vite";
import { compact } from "../scripts/compact-wgsl.mjs";
import { reachedFrom } from "../scripts/parts.mjs";

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

const dedentIndex: Plugin = {
  name: "dedent-index",
  transformIndexHtml: (html) => html.replace(/\n\s+/g, "\n"),
};

export default defineConfig({
  root: at("."),
  base: "./",
  // The library's public entries, as `exports` in package.json names them.
  resolve: {
    alias: { "fcn-webgpu/train": at("../dist/src/train/index.js"), "fcn-webgpu": at("../dist/src/index.js") },
  },
  plugins: [dedentIndex],
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
