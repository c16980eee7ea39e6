/** Builds the library from src/, shaders/ and bench/ into dist/. */
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "./kernels.mjs";
import { finishPackage } from "./package.mjs";
import { root } from "./setup.mjs";
import { tool } from "./tool.mjs";

/** Written when a build has succeeded. Its time is the time of the build. */
const STAMP = join(root, "dist/.stamp");

/** What a build reads. */
const SOURCES = [
  "src",
  "shaders",
  "bench",
  "weights",
  "scripts/package.mjs",
  "scripts/node.vite.mjs",
  "scripts/asset-modules.mjs",
  "scripts/parts.mjs",
  "scripts/part.vite.mjs",
  "scripts/pth-readers.vite.mjs",
  "scripts/kernels.mjs",
  "scripts/compact-wgsl.mjs",
  "tsconfig.json",
  "tsconfig.build.json",
  "package.json",
];

/** @returns {number} the time of the newest change at or below a path */
export function newestChange(/** @type {string} */ path) {
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  const below = readdirSync(path).map((entry) => newestChange(join(path, entry)));
  return Math.max(info.mtimeMs, ...below);
}

/** Whether dist/ is there and newer than its sources. */
function isBuilt() {
  if (!existsSync(STAMP)) return false;
  const built = statSync(STAMP).mtimeMs;
  return SOURCES.every((path) => newestChange(join(root, path)) <= built);
}

/**
 * @param {import("./tool.mjs").Output} [output]
 * @returns {number} the compiler's exit code
 */
export function build(output) {
  generate();
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const status = tool("typescript/bin/tsc", ["-p", "tsconfig.build.json"], { output });
  if (status !== 0) return status;
  finishPackage(root);
  writeFileSync(STAMP, "");
  return 0;
}

/** Builds where dist/ is missing or out of date. The compiler prints to stderr. @returns {number} an exit code */
export function buildIfNeeded() {
  return isBuilt() ? 0 : build("stderr");
}
