/**
 * Bundles the package for Node (package.mjs): Node takes half a millisecond to find and link a module, and
 * `fcn-webgpu/node` has more than 200. Entries share chunks, so that a class is the same from every entry.
 *
 * The files lie as deep below dist/ as the modules that look for weights, samples and package.json by relative URLs.
 */
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { reachedFrom } from "./parts.mjs";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));

/** By file name: the entries of package.json, the program, and the module that its threads run. */
const ENTRIES = {
  index: "src/index.js",
  node: "src/node.js",
  kernels: "shaders/index.js",
  eval: "src/eval/index.js",
  image: "src/image/index.js",
  train: "src/train/index.js",
  fcn: "src/cli/main.js",
  "picture-thread": "src/cli/threads/picture-thread.js",
};

/** What each entry loads at once. Threads take from what is there: one loads once, and late. */
const REACHED = Object.entries(ENTRIES)
  .filter(([name]) => name !== "picture-thread")
  .map(([name, path]) => ({ name, modules: reachedFrom(join(dist, path)) }));

const OWN_FILES = new Set(Object.values(ENTRIES).map((path) => join(dist, path)));

/**
 * Modules that the same entries load lie in one file. Others follow the commands that load them. The modules of the
 * entries lie alone: what lay with them would be exported too, and the program runs when it is loaded.
 */
function chunkName(/** @type {string} */ id) {
  const names = REACHED.filter(({ modules }) => modules.has(id)).map(({ name }) => name);
  return names.length > 0 && !OWN_FILES.has(id) ? `of-${names.join("-")}` : null;
}

export default defineConfig({
  configFile: false,
  publicDir: false,
  build: {
    ssr: true,
    outDir: join(dist, "bundles/node"),
    target: "node20",
    minify: false,
    rollupOptions: {
      input: Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, join(dist, path)])),
      external: (id) => !id.startsWith(".") && !isAbsolute(id), // packages, and what Node has
      output: {
        format: "es",
        entryFileNames: "[name].js",
        chunkFileNames: "chunk-[name].js",
        minifyInternalExports: false, // so that a reader finds names
        codeSplitting: { groups: [{ name: chunkName }], includeDependenciesRecursively: false },
      },
    },
  },
});
