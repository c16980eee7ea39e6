/** Bundles the page into a folder that any static server, at any path, can serve. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at("."),
  base: "./",
  // The library's public entry, as `exports` in package.json names it.
  resolve: { alias: { "fcn-webgpu": at("../dist/src/index.js") } },
  build: {
    outDir: at("../out/page"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
});
