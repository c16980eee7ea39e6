/**
 * Completes dist/ for publishing (package.json, `files`) with what the compiler does not make:
 *   weights    copies, at the same relative URL as in the sources
 *   bundles    the library and the program for Node, in few files
 *   assets     the readers of .pth files and what else few pages run; a page loads them when it needs them
 *   shaders    without comments and unneeded spaces, because a page downloads them; those that few pages run apart
 *   types      entries for TypeScript before 6, whose DOM library lacks WebGPU: they add the package @webgpu/types.
 *              TypeScript 6 and newer have these types built in, and both at once conflict (package.json, `types@<6`)
 */
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleParts, bundlePthReaders, writeRareShaders } from "./asset-modules.mjs";
import { packageModules } from "./kernels.mjs";
import { bundle } from "./tool.mjs";

/** Entries whose declarations name GPU objects. */
const GPU_ENTRIES = { index: "index", node: "node", train: "train/index" };

/**
 * Modules that a bundle of the browser entry begins with. They are part of it in any case. gzip looks back only 32 kB,
 * and in this order, which was found by trying, it finds 2 kB more to repeat.
 */
const FIRST_MODULES = [
  "../shaders/wgsl.generated.js",
  "./plan/graph.js",
  "./kernel/half.js",
  "./weights/dtype.js",
  "./kernel/layout.js",
  "../shaders/convert/kernel.js",
  "./models/fcn-head.js",
  "./models/output-graph.js",
  "./weights/browser-cache.js",
  "./tuning/browser-store.js",
  "./models/batches.js",
  "./gpu/memory.js",
  "./weights/parameters.js",
  "./weights/catalogue.js",
  "./weights/names.js",
  "./plan/memory.js",
  "./weights/memory-download.js",
  "./image/browser-picture.js",
];

/** Puts the modules first, in bundles that follow the order of imports. */
function orderModules(/** @type {string} */ entry) {
  const lines = FIRST_MODULES.map((module) => `export {} from "${module}";\n`);
  writeFileSync(entry, lines.join("") + readFileSync(entry, "utf8"));
}

export function finishPackage(/** @type {string} */ root) {
  const dist = join(root, "dist");
  const { all, common, rare } = packageModules();
  writeFileSync(join(dist, "shaders/wgsl.generated.js"), all);
  bundle("node.vite.mjs");
  bundlePthReaders(dist);
  for (const folder of ["weights", "types"]) mkdirSync(join(dist, folder), { recursive: true });
  for (const file of readdirSync(join(root, "weights"))) {
    if (/\.(safetensors|json|md)$/.test(file)) cpSync(join(root, "weights", file), join(dist, "weights", file));
  }
  writeFileSync(join(dist, "shaders/wgsl.generated.js"), common);
  writeRareShaders(dist, rare);
  bundleParts(dist);
  orderModules(join(dist, "src/index.js"));
  for (const [entry, module] of Object.entries(GPU_ENTRIES)) {
    writeFileSync(
      join(dist, `types/${entry}.d.ts`),
      `/// <reference types="@webgpu/types" />\nexport * from "../src/${module}.js";\n`,
    );
  }
}
