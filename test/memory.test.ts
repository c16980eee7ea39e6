/**
 * Memory while a full-size checkpoint is read and while it is imported: torchvision's fcn_resnet101 with hashed
 * weights, 218 MB, in each container, tensor by tensor in a process of its own. Times are printed, not judged.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashedTensor, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import type { ImportReport } from "../src/cli/import.js";
import { elements } from "../src/kernel/shape.js";
import { BIG_FILES, writeBigCheckpoints } from "./helpers/big-checkpoints.js";
import { writePlainJavaScript } from "./helpers/plain-javascript.js";

const MB = 1e6;
const LIMIT = (218 + 150) * MB;
const SPECS = torchvisionFcnTensors();
const VALUES = SPECS.reduce((sum, { shape }) => sum + elements(shape), 0);
const folder = mkdtempSync(join(tmpdir(), "fcn-memory-"));
const run = promisify(execFile);

/** Peak RSS of this process alone: resourceUsage().maxRSS starts from the RSS of the process that forked it. */
const PEAK = `
import { readFileSync } from "node:fs";
export function peak() {
  try {
    return Number(/VmHWM:\\s+(\\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}`;

const READ = `
import { openCheckpoint } from "./src/weights/open.js";
import { fileSource } from "./src/weights/file-source.js";
import { peak } from "./peak.js";
const start = performance.now();
const checkpoint = await openCheckpoint(await fileSource(process.argv[2]));
let values = 0, last = 0;
for (const name of checkpoint.tensors.keys()) {
  const data = await checkpoint.read(name);
  values += data.length;
  last = data.at(-1);
}
await checkpoint.close();
const { container } = checkpoint;
console.log(JSON.stringify({ container, values, last, peak: peak(), ms: performance.now() - start }));
`;

const IMPORT = `
import { importFile } from "./src/cli/import.js";
import { peak } from "./peak.js";
const [from, to, how] = process.argv.slice(2);
const report = await importFile(from, to, { dtype: "f16", foldBatchNorm: how === "fold" });
console.log(JSON.stringify({ ...report, peak: peak() }));
`;

interface Result {
  readonly container: string;
  readonly values: number;
  readonly last: number;
  readonly peak: number;
  readonly ms: number;
}

beforeAll(() => {
  writePlainJavaScript(folder, ["src/weights/open.ts", "src/weights/file-source.ts", "src/cli/import.ts"]);
  writeFileSync(join(folder, "peak.js"), PEAK);
  writeFileSync(join(folder, "read.js"), READ);
  writeFileSync(join(folder, "import.js"), IMPORT);
  writeBigCheckpoints(folder, SPECS, ({ name, shape }) => hashedTensor(name, shape));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(Object.entries(BIG_FILES))("%s: reads 218 MB within 218 + 150 MB", async (container, file) => {
  const path = join(folder, file);
  const { stdout } = await run(process.execPath, [join(folder, "read.js"), path]);
  const result = JSON.parse(stdout) as Result;
  const size = (statSync(path).size / MB).toFixed(1);
  const seconds = (result.ms / 1000).toFixed(2);
  console.log(`${container}: ${size} MB read in ${seconds} s, peak RSS ${(result.peak / MB).toFixed(0)} MB`);
  const final = SPECS.at(-1);
  expect(result).toMatchObject({
    container,
    values: VALUES,
    last: final && hashedTensor(final.name, final.shape).at(-1),
  });
  expect(result.peak).toBeGreaterThan(20 * MB); // a smaller peak would be a measuring error
  expect(result.peak).toBeLessThan(LIMIT);
});

test.each([["plain"], ["fold"]])("import of 218 MB to f16, %s, within the same bound", async (how) => {
  const out = join(folder, `${how}.safetensors`);
  const { stdout } = await run(process.execPath, [
    join(folder, "import.js"),
    join(folder, BIG_FILES["pth-legacy"]),
    out,
    how,
  ]);
  const report = JSON.parse(stdout) as ImportReport & { peak: number };
  const size = (report.bytes / MB).toFixed(1);
  const peak = (report.peak / MB).toFixed(0);
  console.log(`import to f16, ${how}: ${report.seconds.toFixed(2)} s, ${size} MB, peak RSS ${peak} MB`);
  expect(report.architecture).toBe("torchvision fcn_resnet101: dilated, 21 classes, with aux head");
  expect(report.bytes).toBe(statSync(out).size);
  expect(report.bytes).toBeLessThan(115 * MB);
  expect(report.peak).toBeLessThan(LIMIT);
});
