/**
 * What the npm scripts call: `node scripts/run.mjs TASK [arguments]`. Each task does its own set-up, so that a fresh clone needs
 * one command for whatever it is asked to do.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KernelFolderError, generate } from "./kernels.mjs";
import { finishPackage } from "./package.mjs";
import { SetupError, installPackages, root, setup, setupBrowser } from "./setup.mjs";

const CLI = join(root, "dist/src/cli/main.js");
const STAMP = join(root, "dist/.stamp");

/**
 * Runs a program to its end; its own exit code is ours.
 * @param {string[]} args
 * @param {"inherit" | "stderr"} output
 */
function node(args, output = "inherit") {
  const stdout = output === "stderr" ? 2 : "inherit";
  const { status, signal } = spawnSync(process.execPath, args, { cwd: root, stdio: ["inherit", stdout, "inherit"] });
  return signal ? 1 : (status ?? 1);
}

/** @param {string} name @param {string[]} args @param {"inherit" | "stderr"} [output] */
const tool = (name, args, output) => node([join(root, "node_modules", name), ...args], output);

/** The newest change below the folders the build reads. */
function newest(/** @type {string} */ path) {
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  return readdirSync(path).reduce((latest, entry) => Math.max(latest, newest(join(path, entry))), info.mtimeMs);
}

function isBuilt() {
  if (!existsSync(STAMP)) return false;
  const built = statSync(STAMP).mtimeMs;
  return [
    "src",
    "shaders",
    "bench",
    "weights",
    "scripts/package.mjs",
    "tsconfig.json",
    "tsconfig.build.json",
    "package.json",
  ].every((path) => newest(join(root, path)) <= built);
}

/** @param {"inherit" | "stderr"} [output] */
function build(output) {
  generate();
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const status = tool("typescript/bin/tsc", ["-p", "tsconfig.build.json"], output);
  if (status !== 0) return status;
  finishPackage(root);
  writeFileSync(STAMP, "");
  return 0;
}

const CHECKS = {
  types: () => tool("typescript/bin/tsc", ["--noEmit"]),
  lint: () => tool("eslint/bin/eslint.js", ["--max-warnings", "0", "."]),
  shaders: () => node(["scripts/check-wgsl.mjs"]),
  structure: () => tool("vitest/vitest.mjs", ["run", "--reporter=dot", "test/structure.test.ts", "test/text.test.ts"]),
  kernels: () =>
    tool("vitest/vitest.mjs", ["run", "--reporter=dot", "test/wgsl.test.ts", "test/kernel-folders.test.ts"]),
};

/** Every check runs; gives the names of those that failed. */
function check(/** @type {(keyof typeof CHECKS)[]} */ names) {
  return names.filter((name) => {
    const failed = CHECKS[name]() !== 0;
    process.stdout.write(`check ${name}: ${failed ? "FAILED" : "ok"}\n`);
    return failed;
  });
}

/**
 * Types, lint and shaders, then vitest; the last line is `N passed, N failed`. Each check counts as a test. A skipped test counts
 * as failed: nothing here may pass by not running.
 * @param {string[]} args
 */
function test(args) {
  const partial = args.length > 0;
  const failedChecks = partial ? [] : check(["types", "lint", "shaders"]);
  const report = join(root, "out/test-report.json");
  mkdirSync(join(root, "out"), { recursive: true });
  rmSync(report, { force: true });
  const status = tool("vitest/vitest.mjs", [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...args,
  ]);
  let passed = partial ? 0 : 3 - failedChecks.length;
  let failed = failedChecks.length;
  if (existsSync(report)) {
    const result = JSON.parse(readFileSync(report, "utf8"));
    const notRun = result.numPendingTests + result.numTodoTests;
    if (notRun) process.stdout.write(`${notRun} tests were skipped, which counts as failed\n`);
    passed += result.numPassedTests;
    failed += result.numFailedTests + notRun;
    // A file that cannot be loaded has no tests to fail.
    if (status !== 0 && result.numFailedTests === 0) failed += Math.max(1, result.numFailedTestSuites);
    if (result.numTotalTests === 0) failed += 1;
  } else failed += 1;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed ? 1 : status;
}

/** @type {Record<string, (args: string[]) => number>} */
const TASKS = {
  setup() {
    process.stdout.write(`Ready. Adapter: ${setup().name}\n`);
    return 0;
  },
  build: () => (installPackages(), build()), // needs no adapter
  generate: () => (generate(), 0),
  /** All checks, or those that are named. */
  check(args) {
    const names = Object.keys(CHECKS);
    const unknown = args.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      process.stderr.write(`npm run check: there is no check "${unknown}"; there is ${names.join(", ")}
`);
      return 2;
    }
    setup();
    generate();
    return check(args.length ? args : names).length ? 1 : 0;
  },
  /** The API reference and the guides as pages, in out/docs. */
  docs: () => (installPackages(), generate(), tool("typedoc/bin/typedoc", [])),
  test: (args) => (setup(), setupBrowser(), build() || test(args)),
  demo: (args) => TASKS.fcn(["demo", ...args]),
  bench: (args) => TASKS.fcn(["bench", ...args]),
  /** What the README shows of bench/results. */
  "bench-table": () => (installPackages(), (isBuilt() ? 0 : build("stderr")) || node(["scripts/bench-table.mjs"])),
  /** Builds what is missing and serves the web page. */
  page: (args) => (setup(), (isBuilt() ? 0 : build("stderr")) || node(["scripts/page.mjs", ...args])),
  /** The pictures the shipped checkpoint was validated on, unless others are named. */
  compare: (args) => TASKS.fcn(["compare", ...(args.length ? args : ["test/fixtures/val", "--fresh"])]),
  /** stdout carries nothing but the program's own output. */
  fcn(args) {
    setup();
    return (isBuilt() ? 0 : build("stderr")) || node([CLI, ...args]);
  },
};

const [name = "", ...args] = process.argv.slice(2);
const task = TASKS[name];
if (!task) {
  process.stderr.write(`run.mjs: there is no task "${name}"; there is ${Object.keys(TASKS).join(", ")}\n`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = task(args);
  } catch (error) {
    if (!(error instanceof SetupError || error instanceof KernelFolderError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    if (name === "test") process.stdout.write("0 passed, 1 failed\n");
  }
}
