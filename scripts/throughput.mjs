/**
 * `npm run throughput`: how many large JPEGs a second `fcn segment` does on this machine, and whether reading them
 * holds the network up. It makes 12-megapixel JPEGs and runs, in turn and several times: the bare network over pictures
 * that are in memory and shrunk already, and the command line with each number of threads, with and without --draft.
 * docs/scale.md explains the table.
 */
import { spawn } from "node:child_process";
import { linkSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { root } from "./setup.mjs";

const { median } = await import("../dist/src/base/statistics.js");
const { textTable } = await import("../dist/src/base/text-table.js");
const { encodeTask, readTask } = await import("../dist/src/cli/threads/picture-tasks.js");
const { loadFcn } = await import("../dist/src/node.js");

const USAGE = `npm run throughput -- [OPTIONS]

  --weights    as of fcn segment (default: the built-in ones)
  --variant    as of fcn segment (default: fcn8s)
  --resize N   as of fcn segment (default: 512)
  --pictures N of each run (default: 40)
  --threads    numbers to try (default: 0,1,2)
  --rounds N   of all runs in turn; the table has medians (default: 3)`;

const [WIDTH, HEIGHT] = [4000, 3000];
const SAMPLES = ["astronaut", "chelsea", "coffee"];

/** JPEGs as cameras write them. @param {string} folder @param {number} count */
async function writePictures(folder, count) {
  const { default: sharp } = await import("sharp");
  const paths = Array.from({ length: count }, (_, i) => join(folder, `${i}.jpg`));
  for (const [i, path] of paths.entries()) {
    const sample = join(root, `samples/photographs/${SAMPLES[i % SAMPLES.length]}.png`);
    if (i < SAMPLES.length)
      await sharp(sample).resize(WIDTH, HEIGHT, { fit: "cover" }).jpeg({ quality: 90 }).toFile(path);
    else linkSync(/** @type {string} */ (paths[i % SAMPLES.length]), path);
  }
  return paths;
}

/** @typedef {{ weights?: string, variant: string, resize: number }} Network */

/**
 * Pictures that are read already run through the network, several in flight.
 * @param {readonly string[]} paths @param {Network} network
 * @returns {Promise<number>} pictures a second
 */
async function bareRate(paths, { weights, variant, resize }) {
  const fcn = await loadFcn(/** @type {import("../dist/src/node.js").LoadOptions} */ ({ weights, variant, resize }));
  const known = await Promise.all(SAMPLES.map((_, i) => readTask({ kind: "read", image: paths[i] ?? "", resize })));
  const pictures = paths.map((_, i) => /** @type {import("../dist/src/node.js").Picture} */ (known[i % known.length]));
  const times = [];
  for await (const { labels } of fcn.segmentAll(pictures)) times.push([performance.now(), labels.length]);
  fcn.dispose();
  return rateOf(times.map(([time = 0]) => time));
}

/** The first tenth is left out: pipelines are compiled then. @param {readonly number[]} times of results, in ms */
function rateOf(times) {
  const first = Math.ceil(times.length / 10);
  const [start = 0, end = 0] = [times[first], times.at(-1)];
  return (1000 * (times.length - 1 - first)) / (end - start);
}

/**
 * The command line.
 * @param {readonly string[]} paths @param {Network} network @param {readonly string[]} own further options
 */
async function commandRate(paths, { weights, variant, resize }, own) {
  const options = { variant, resize: String(resize), ...(weights === undefined ? {} : { weights }) };
  const words = [...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]), ...own];
  const program = join(root, "dist/bundles/node/fcn.js");
  const child = spawn(process.execPath, [program, "segment", ...paths, ...words, "--json", "--quiet"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const times = [];
  for await (const line of createInterface({ input: child.stdout })) if (line) times.push(performance.now());
  const code = await ended;
  if (code !== 0 || times.length !== paths.length)
    throw new Error(`fcn segment ended with ${String(code)} after ${times.length} of ${paths.length} pictures`);
  return rateOf(times);
}

/**
 * What a picture costs without the network: milliseconds of one core to read and shrink it, and to make its files.
 * @param {readonly string[]} paths @param {number} resize
 */
async function costOf(paths, resize) {
  const reads = [];
  const writes = [];
  const labels = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => (((at % WIDTH) / 500) & 1 ? 15 : 0));
  const drafts = [];
  for (const image of paths.slice(0, 10)) {
    const start = process.cpuUsage();
    const { width, height } = await readTask({ kind: "read", image, resize });
    const read = process.cpuUsage(start);
    const classNames = Array.from({ length: 21 }, (_, label) => `class ${label}`);
    encodeTask({
      kind: "encode",
      picture: { image, width, height, variant: "", classNames, labels, formats: ["labels"] },
    });
    const both = process.cpuUsage(start);
    reads.push((read.user + read.system) / 1000);
    writes.push((both.user + both.system - read.user - read.system) / 1000);
    const begun = process.cpuUsage();
    await readTask({ kind: "read", image, resize, draft: true });
    const draft = process.cpuUsage(begun);
    drafts.push((draft.user + draft.system) / 1000);
  }
  return { read: median(reads), draft: median(drafts), write: median(writes) };
}

/** @param {number} least @param {string} option @param {string} text @returns {number} */
function wholeFrom(least, option, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  process.stderr.write(`throughput: --${option} must be a whole number of ${least} or more, not ${text}\n`);
  process.exit(2);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      weights: { type: "string" },
      variant: { type: "string", default: "fcn8s" },
      resize: { type: "string", default: "512" },
      pictures: { type: "string", default: "40" },
      threads: { type: "string", default: "0,1,2" },
      rounds: { type: "string", default: "3" },
    },
  });
  const { resize, pictures, rounds, threads } = values;
  const numbers = {
    resize: wholeFrom(1, "resize", resize),
    pictures: wholeFrom(10, "pictures", pictures),
    rounds: wholeFrom(1, "rounds", rounds),
  };
  return { ...values, ...numbers, threads: threads.split(",") };
}

/**
 * Runs each way once a round and says each rate as it comes.
 * @param {ReadonlyMap<string, () => Promise<number>>} ways @param {number} rounds
 */
async function inTurn(ways, rounds) {
  const rates = new Map([...ways.keys()].map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, run] of ways) {
      const rate = await run();
      rates.get(name)?.push(rate);
      process.stdout.write(`round ${round}: ${name}: ${rate.toFixed(2)} pictures a second\n`);
    }
  }
  return new Map([...rates].map(([name, all]) => [name, median(all)]));
}

const BARE = "the bare network";

async function main() {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "fcn-throughput-"));
  try {
    const paths = await writePictures(folder, options.pictures);
    const cost = await costOf(paths, options.resize);
    const [read, draft, write] = [cost.read, cost.draft, cost.write].map((ms) => `${ms.toFixed(0)} ms`);
    process.stdout.write(`a picture, one core: ${read} to read (a draft ${draft}), ${write} to write its label map\n`);
    const ways = new Map([[BARE, () => bareRate(paths, options)]]);
    const out = ["--out", join(folder, "out")];
    for (const threads of options.threads) {
      for (const own of [[], ["--draft"]]) {
        const words = ["--threads", threads, ...own];
        ways.set(words.join(" "), () => commandRate(paths, options, [...words, ...out]));
      }
    }
    const rates = await inTurn(ways, options.rounds);
    const bare = rates.get(BARE) ?? NaN;
    const rows = [...rates].map(([name, rate]) => [name, rate.toFixed(2), `${((100 * rate) / bare).toFixed(0)} %`]);
    const align = /** @type {const} */ (["left", "right", "right"]);
    process.stdout.write(`\n${textTable([["", "pictures/s", "of the bare network"], ...rows], { align })}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
