/**
 * What the compiler does not do for the package: dist/ after this is what gets published (package.json, `files`).
 *   weights    copied, so that modules find them at the same relative URL as in the sources
 *   shaders    without comments and idle spaces: a page downloads them all
 *   types      for TypeScript before 6, whose DOM library has no WebGPU: dist/types adds the package @webgpu/types. Later
 *              versions have it built in, and both at once contradict each other (package.json, `types@<6`)
 */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageModule } from "./kernels.mjs";

/** Entries whose declarations name GPU objects. */
const GPU_ENTRIES = ["index", "node"];

export function finishPackage(/** @type {string} */ root) {
  const dist = join(root, "dist");
  for (const folder of ["weights", "types"]) mkdirSync(join(dist, folder), { recursive: true });
  for (const file of readdirSync(join(root, "weights"))) {
    if (/\.(safetensors|json|md)$/.test(file)) cpSync(join(root, "weights", file), join(dist, "weights", file));
  }
  writeFileSync(join(dist, "shaders/wgsl.generated.js"), packageModule());
  for (const entry of GPU_ENTRIES) {
    writeFileSync(
      join(dist, `types/${entry}.d.ts`),
      `/// <reference types="@webgpu/types" />\nexport * from "../src/${entry}.js";\n`,
    );
  }
}
