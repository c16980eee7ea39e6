/**
 * `node scripts/load-memory.mjs`: how much memory a process takes while it loads the paper's VGG-16, 547 MB with all
 * three heads. Writes that file with generated weights to a temporary folder, and loads it in processes of their own.
 * Fails where a process grows by more than the file and 150 MB, besides the memory of a picture. Software adapters keep
 * weights in this memory too.
 * Needs `npm run build`. Not part of `npm test`, where test/large-weight.test.ts counts the bytes that are read.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ALLOWED = 150e6;
const PRECISIONS = ["f32", "f16"];

const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
/** Kilobytes of 1024 bytes, since the process began. */
const peakRss = () => process.resourceUsage().maxRSS * 1024;

/** Runs in a process of its own. Prints what it took as JSON. */
async function load(/** @type {string} */ weights, /** @type {"f32" | "f16"} */ precision) {
  const { loadFcn, requestDevice } = await import("../dist/src/node.js");
  const device = await requestDevice();
  const before = peakRss();
  const start = performance.now();
  const fcn = await loadFcn({ weights, precision, device, tune: false });
  await fcn.warmup(1, 1);
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ device: device.label, before, peak: peakRss(), memory: fcn.memory, seconds }));
  process.exit(0);
}

async function measure() {
  const { syntheticCheckpoint } = await import("../dist/bench/synthetic.js");
  const folder = mkdtempSync(join(tmpdir(), "fcn-load-memory-"));
  try {
    const weights = await syntheticCheckpoint("synthetic-vgg16", folder);
    const { size } = statSync(weights);
    for (const precision of PRECISIONS) {
      const script = fileURLToPath(import.meta.url);
      const { device, before, peak, memory, seconds } = JSON.parse(
        execFileSync(process.execPath, [script, weights, precision], { encoding: "utf8" }),
      );
      const grown = peak - before - memory.plans;
      const isFine = grown < size + ALLOWED;
      const parts = [
        `${device}, ${precision}: ${megabytes(before)} with an open device`,
        `at most ${megabytes(peak)}, of which ${megabytes(memory.plans)} are for a picture of 1 x 1`,
        `loading took +${megabytes(grown)} of ${megabytes(size + ALLOWED)} allowed`,
        `the device holds ${megabytes(memory.weights)} of weights`,
        `${seconds.toFixed(1)} s`,
      ];
      console.log(parts.join("; ") + (isFine ? "" : ": TOO MUCH"));
      if (!isFine) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [weights, precision] = process.argv.slice(2);
if (weights === undefined) await measure();
else await load(weights, precision === "f16" ? "f16" : "f32");
