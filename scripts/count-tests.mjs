/**
 * Runs vitest and counts the tests that the arguments selected. vitest marks a test that `-t NAME` leaves out and a
 * test with `it.skip` alike: both are skipped. Only their names tell them apart, so the reporter below compares each
 * name with NAME.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./setup.mjs";
import { tool } from "./tool.mjs";

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {import("vitest/node").TestModule} TestModule a test file
 * @typedef {import("vitest/node").TestCase} TestCase
 */

const REPORTER = fileURLToPath(import.meta.url);

/** The name that vitest compares with `-t`: the names of the suites around a test and its own, separated by spaces. */
function fullName(/** @type {TestCase} */ test) {
  const names = [test.name];
  let parent = test.parent;
  while (parent.type === "suite") {
    names.unshift(parent.name);
    parent = parent.parent;
  }
  return names.join(" ");
}

/** Errors outside of tests: of a file that does not load, and of hooks. One for each file or suite. */
function errorsOutsideTests(/** @type {TestModule} */ file) {
  const places = [file, ...file.children.allSuites()];
  return places.filter((place) => place.errors().length > 0).length;
}

/**
 * @param {readonly TestModule[]} files
 * @param {RegExp | undefined} pattern what `-t` gave
 * @returns {Counts} of the tests whose names match the pattern
 */
function countTests(files, pattern) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    counts.failed += errorsOutsideTests(file);
    for (const test of file.children.allTests()) {
      if (pattern && !fullName(test).match(pattern)) continue;
      const { state } = test.result();
      if (state === "passed") counts.passed += 1;
      else if (state === "failed") counts.failed += 1;
      else counts.skipped += 1;
    }
  }
  return counts;
}

/** The reporter that `runTests` gives to vitest. It writes the counts to `--outputFile.counts`. */
export default class CountReporter {
  /** @type {import("vitest/node").Vitest | undefined} */
  #vitest;

  onInit(/** @type {import("vitest/node").Vitest} */ vitest) {
    this.#vitest = vitest;
  }

  onTestRunEnd(/** @type {readonly TestModule[]} */ files) {
    const outputFile = this.#vitest?.config.outputFile;
    if (typeof outputFile !== "object" || outputFile.counts === undefined) return;
    const counts = countTests(files, this.#vitest?.getGlobalTestNamePattern());
    mkdirSync(dirname(outputFile.counts), { recursive: true });
    writeFileSync(outputFile.counts, JSON.stringify(counts));
  }
}

/**
 * Runs `vitest run ARGS` in a folder.
 * @param {string[]} args
 * @param {{ folder?: string, output?: import("./tool.mjs").Output }} [options]
 * @returns {Counts} `failed` includes the skipped tests, because no test may pass by not running. It is at least 1
 * where vitest itself fails or no test ran.
 */
export function runTests(args, { folder = root, output = "inherit" } = {}) {
  const file = join(folder, "out/test-counts.json");
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", `--reporter=${REPORTER}`, `--outputFile.counts=${file}`];
  const status = tool("vitest/vitest.mjs", ["run", ...reporters, ...args], { cwd: folder, output });
  /** @type {Counts} */
  const counts = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { passed: 0, failed: 0, skipped: 0 };
  counts.failed += counts.skipped;
  if (counts.failed === 0 && (status !== 0 || counts.passed === 0)) counts.failed = 1;
  return counts;
}
