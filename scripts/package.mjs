/**
 * Completes dist/ for publishing (package.json, `files`) with what the compiler does not make:
 *   weights    copies, at the same relative URL as in the sources
 *   shaders    without comments and unneeded spaces, because a page downloads all of them
 *   types      entries for TypeScript before 6, whose DOM library lacks WebGPU: they add the package @webgpu/types.
 *              TypeScript 6 and newer have these types built in, and both at once conflict (package.json, `types@<6`)
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
