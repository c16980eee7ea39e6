/**
 * What the npm scripts call: `node scripts/run.mjs TASK [arguments]`. Each task does its own set-up, so that one
 * command is enough in a fresh clone.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, buildIfNeeded } from "./build.mjs";
import { runTests } from "./count-tests.mjs";
import { KernelFolderError, generate } from "./kernels.mjs";
import { buildPage } from "./page.mjs";
import { setupBrowsers, setupServices } from "./setup-tests.mjs";
import { SetupError, installPackages, root, setup } from "./setup.mjs";
import { node, nodeBeside, tool } from "./tool.mjs";

const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot"];

/** What Node runs for each check. */
const CHECKS = {
  types: ["node_modules/typescript/bin/tsc", "--noEmit"],
  lint: ["node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "."],
  format: ["node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."],
  shaders: ["scripts/check-wgsl.mjs"],
  structure: [...VITEST, "test/structure.test.ts", "test/text.test.ts"],
  kernels: [...VITEST, "test/wgsl.test.ts", "test/kernel-folders.test.ts"],
};

/** @typedef {keyof typeof CHECKS} Check */

const ALL_CHECKS = /** @type {Check[]} */ (Object.keys(CHECKS));

/** The checks that `npm test` counts. The others are test files, which it runs with all tests. */
const COUNTED_CHECKS = ALL_CHECKS.filter((name) => name !== "structure" && name !== "kernels");

/**
 * Runs every check, two at a time, also after one has failed. Returns the names of those that failed.
 * @param {Check[]} names
 */
async function check(names) {
  const waiting = [...names];
  /** @type {Check[]} */
  const failed = [];
  const runAll = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const status = await nodeBeside(CHECKS[name]);
      if (status !== 0) failed.push(name);
      process.stdout.write(`check ${name}: ${status === 0 ? "ok" : "FAILED"}\n`);
    }
  };
  await Promise.all([runAll(), runAll()]);
  return failed;
}

/**
 * Runs the checks and then vitest. The last line is `N passed, N failed`; each check counts as a test, and a skipped
 * test as a failed one. With arguments it runs only the tests they select, and no checks.
 * @param {string[]} args of vitest: files, `-t NAME`
 * @returns {Promise<number>} an exit code
 */
async function checkAndTest(args) {
  const checks = args.length > 0 ? [] : COUNTED_CHECKS;
  const failedChecks = await check(checks);
  const tests = runTests(args);
  if (tests.skipped > 0) process.stdout.write(`${tests.skipped} tests were skipped, which counts as failed\n`);
  const passed = checks.length - failedChecks.length + tests.passed;
  const failed = failedChecks.length + tests.failed;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

/**
 * Runs steps until one fails.
 * @param {(() => number | Promise<number>)[]} steps
 * @returns {Promise<number>} an exit code
 */
async function inOrder(...steps) {
  for (const step of steps) {
    const status = await step();
    if (status !== 0) return status;
  }
  return 0;
}

/** Bundles the page before the tests, because several test files need it at the same time. They report why it fails. */
function bundlePage() {
  try {
    buildPage();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  return 0;
}

/** The classes of PASCAL VOC by the five kinds that it names itself. */
const VOC_KINDS = {
  1: [4, 6, 7, 14, 19], // vehicle; aeroplane is 1 already
  2: [3, 8, 10, 12, 13, 17], // animal; bicycle becomes a vehicle
  3: [5, 9, 11, 16, 18, 20], // indoor
  4: [15], // person
};

const TRAIN_DEMO = [
  "test/fixtures/val/[0-9][0-9].png",
  [
    "--map",
    ["2=1", ...Object.entries(VOC_KINDS).flatMap(([to, from]) => from.map((value) => `${value}=${to}`))].join(),
  ],
  ["--class-names", "scripts/train-demo-classes.txt"],
  ["--weights", "icons"],
  ["--hold-out", "0.25"],
  ["--out", "out/train-demo"],
  "--fresh",
].flat();

/** @type {Record<string, (args: string[]) => number | Promise<number>>} */
const TASKS = {
  setup() {
    process.stdout.write(`Ready. Adapter: ${setup().name}\n`);
    return 0;
  },
  /** Needs no adapter. */
  build() {
    installPackages();
    return build();
  },
  /** Writes the generated modules of shaders/. */
  generate() {
    generate();
    return 0;
  },
  /** All checks, or those that are named. */
  async check(args) {
    const unknown = args.find((name) => !(name in CHECKS));
    if (unknown !== undefined) {
      const known = ALL_CHECKS.join(", ");
      process.stderr.write(`npm run check: there is no check "${unknown}"; there is ${known}\n`);
      return 2;
    }
    setup();
    generate();
    const names = args.length > 0 ? /** @type {Check[]} */ (args) : ALL_CHECKS;
    return (await check(names)).length > 0 ? 1 : 0;
  },
  /** Repairs what the checks `lint` and `format` find, as far as programs can. */
  fix() {
    installPackages();
    generate(); // ESLint reads the types of the generated modules
    const lint = tool("eslint/bin/eslint.js", ["--fix", "."]);
    const format = tool("prettier/bin/prettier.cjs", ["--write", "--log-level", "warn", "."]);
    return lint || format;
  },
  /** The API reference and the guides as pages, in out/docs. */
  docs() {
    installPackages();
    generate();
    return tool("typedoc/bin/typedoc", []);
  },
  test(args) {
    setup();
    setupBrowsers();
    setupServices();
    return inOrder(build, bundlePage, () => checkAndTest(args));
  },
  demo: (args) => TASKS.fcn(["demo", ...args]),
  bench: (args) => TASKS.fcn(["bench", ...args]),
  /** Writes the kept results of bench/results into the README. */
  "bench-table"() {
    installPackages();
    return inOrder(buildIfNeeded, () => node(["scripts/bench-table.mjs"]));
  },
  /** Builds what is missing and serves the web page. */
  page(args) {
    setup();
    return inOrder(buildIfNeeded, () => node(["scripts/page.mjs", ...args]));
  },
  /** Without arguments it takes the pictures on which the weights for icons were validated, and those weights. */
  compare: (args) =>
    TASKS.fcn(["compare", ...(args.length > 0 ? args : ["test/fixtures/val", "--weights", "icons", "--fresh"])]),
  /** Heads for five classes that no shipped network has, from 12 drawn pictures; 4 others measure them. */
  "train-demo": (args) => TASKS.fcn(["train", ...TRAIN_DEMO, ...args]),
  /** Kills, doubled runs and full disks: minutes. `npm test` runs a few rounds. */
  soak(args) {
    setup();
    return inOrder(buildIfNeeded, () => node(["scripts/soak.mjs", ...args]));
  },
  /** How many large JPEGs a second `fcn segment` does here: minutes. */
  throughput(args) {
    setup();
    return inOrder(buildIfNeeded, () => node(["scripts/throughput.mjs", ...args]));
  },
  /** The command line. Nothing else prints to stdout. */
  async fcn(args) {
    setup();
    const status = buildIfNeeded();
    if (status !== 0) return status;
    // In this process, so that signals reach it. It ends the process itself.
    const program = join(root, "dist/bundles/node/fcn.js");
    process.argv.splice(1, Infinity, program, ...args);
    process.chdir(root);
    await import(pathToFileURL(program).href);
    return 0;
  },
};

async function main() {
  const [name = "", ...args] = process.argv.slice(2);
  const task = TASKS[name];
  if (!task) {
    process.stderr.write(`run.mjs: there is no task "${name}"; there is ${Object.keys(TASKS).join(", ")}\n`);
    return 2;
  }
  try {
    return await task(args);
  } catch (error) {
    if (!(error instanceof SetupError || error instanceof KernelFolderError)) throw error;
    process.stderr.write(`${error.message}\n`);
    if (name === "test") process.stdout.write("0 passed, 1 failed\n");
    return 1;
  }
}

process.exitCode = await main();
