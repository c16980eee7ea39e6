/**
 * `npm run soak`: what comparisons survive. Runs are killed with SIGKILL at random bytes of their results and resumed;
 * two runs write to one folder; the disk is full at every page that a comparison writes (a small tmpfs, which needs
 * root). Every time the totals must be those of a run that nothing disturbed. Not part of `npm test`, which runs a few
 * rounds of each: `node scripts/soak.mjs --kills 2 --pairs 1 --disks 2`.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./setup.mjs";

const PROGRAM = join(root, "dist/bundles/node/fcn.js");
const { encodeLabelPng, encodePng } = await import("../dist/src/image/png.js");
const { seeded } = await import("../dist/src/base/random.js");

const USAGE = `npm run soak -- [--kills N] [--pairs N] [--disks N] [--seed N]

  --kills N   runs that are killed and resumed (default: 200)
  --pairs N   two runs started together on one folder (default: 10)
  --disks N   sizes of a disk that gets full; 0 for none (default: every page
              that a comparison writes; needs root)
  --seed N    of the random numbers (default: 1)`;

const PAGE = 4096;
/** Size of the disk once it has room again. */
const ROOMY = "64m";
/** More kept pictures than a report holds, so that some are removed while others are killed. */
const PICTURES = 28;
const DISK_PICTURES = 5;
const [WIDTH, HEIGHT] = [24, 16];

/** A failed expectation: the soak ends with exit code 1. */
class SoakError extends Error {}

/** @param {string} folder @param {number} count @param {() => number} random */
function writePictures(folder, count, random) {
  mkdirSync(folder);
  const pixels = WIDTH * HEIGHT;
  for (let i = 0; i < count; i++) {
    const data = Uint8Array.from({ length: 4 * pixels }, (_, k) => (k % 4 === 3 ? 255 : Math.floor(random() * 256)));
    const split = 1 + Math.floor(random() * (WIDTH - 2));
    const labels = Uint8Array.from({ length: pixels }, (_, k) => (k % WIDTH < split ? 0 : 15));
    const name = join(folder, String(i).padStart(3, "0"));
    writeFileSync(`${name}.png`, encodePng({ width: WIDTH, height: HEIGHT, data }));
    writeFileSync(`${name}.label.png`, encodeLabelPng(labels, WIDTH, HEIGHT));
  }
}

/**
 * @param {string} pictures @param {string} out @param {string[]} more
 * @returns {{ child: import("node:child_process").ChildProcess, end: Promise<{ code: number | null, err: string }> }}
 */
function start(pictures, out, ...more) {
  const args = [PROGRAM, "compare", pictures, "--out", out, "--sizes", "none", ...more];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let err = "";
  child.stderr.on("data", (text) => (err += text));
  const end = new Promise((resolve) => child.on("close", (code) => resolve({ code, err })));
  return { child, end };
}

/** The results that do not depend on clocks, and the names of everything that is there. @param {string} out */
function stateOf(out) {
  const { variants, agreement, pictures, failures, perPicture } = JSON.parse(
    readFileSync(join(out, "report.json"), "utf8"),
  );
  const withoutTimes = (_key, value) => (["ms", "sharedMs", "ownMs", "cost"].includes(_key) ? undefined : value);
  const files = readdirSync(out, { recursive: true }).map(String).sort();
  if (!readFileSync(join(out, "report.html"), "utf8").endsWith("</html>\n")) throw new SoakError("half a report.html");
  return JSON.stringify({ variants, agreement, pictures, failures, perPicture, files }, withoutTimes);
}

/** @param {{ code: number | null, err: string }} end @param {string} what */
function expectDone({ code, err }, what) {
  if (code !== 0) throw new SoakError(`${what} ended with code ${code}: ${err}`);
}

/** @param {string} out @param {string} expected @param {string} what */
function expectState(out, expected, what) {
  if (stateOf(out) !== expected) throw new SoakError(`${what}: the results differ from those of a run without faults`);
}

const sizeOf = (/** @type {string} */ path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Kills the run when its results have `bytes` bytes; every other time it cuts them off there, as a kill inside a write
 * does. Returns whether the run was killed before its end.
 */
async function killAt({ child, end }, results, bytes, isCut) {
  let isRunning = true;
  void end.then(() => (isRunning = false));
  while (isRunning && sizeOf(results) < bytes) await pause(1);
  const isKilled = isRunning;
  child.kill("SIGKILL");
  await end;
  if (isKilled && isCut && sizeOf(results) > bytes) truncateSync(results, bytes);
  return isKilled;
}

/** Kills `kills` times; a comparison that is finished is checked, and the next one begins. */
async function soakKills({ pictures, out, expected, wholeBytes, random }, kills) {
  const results = join(out, "results.jsonl");
  let finished = 0;
  for (let killed = 0; killed < kills;) {
    const bytes = Math.floor(sizeOf(results) + random() * (wholeBytes * 1.1 - sizeOf(results)));
    const run = start(pictures, out, "--resume");
    if (await killAt(run, results, bytes, killed % 2 === 1)) {
      killed++;
      continue;
    }
    expectDone(await run.end, "a resumed run");
    expectState(out, expected, `after ${killed} kills`);
    finished++;
    rmSync(out, { recursive: true, force: true });
  }
  expectDone(await start(pictures, out, "--resume").end, "the last resume");
  expectState(out, expected, `after ${kills} kills`);
  return `${kills} kills, ${finished + 1} comparisons with identical totals`;
}

/** Two runs start together: one ends well, the other is refused. */
async function soakPairs({ pictures, out, expected }, pairs) {
  let refused = 0;
  for (let i = 0; i < pairs; i++) {
    rmSync(out, { recursive: true, force: true });
    const ends = await Promise.all([start(pictures, out).end, start(pictures, out).end]);
    const done = ends.filter(({ code }) => code === 0);
    const second = ends.find(({ code }) => code === 75);
    if (done.length !== 1 || !second) throw new SoakError(`two writers ended with ${ends.map(({ code }) => code)}`);
    // A run that starts after the first has ended is refused as well: there are results.
    if (/another run writes to/.test(second.err)) refused++;
    expectState(out, expected, "two writers");
  }
  return `${pairs} pairs of writers, ${refused} refused by the lock`;
}

const mount = (/** @type {string[]} */ ...args) => execFileSync("mount", args, { stdio: "pipe" });

/** Whether a tmpfs can be mounted here. @param {string} folder */
function canMount(folder) {
  try {
    mount("-t", "tmpfs", "-o", `size=${PAGE}`, "tmpfs", folder);
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  }
}

/** One comparison on a disk of so many pages; then with room. Returns whether the disk was full. */
async function fillDisk({ pictures, expected }, disk, pages) {
  mount("-t", "tmpfs", "-o", `size=${Math.max(1, pages) * PAGE}`, "tmpfs", disk);
  try {
    const out = join(disk, "out");
    const { code, err } = await start(pictures, out).end;
    if (code !== 0) {
      const isSentence = /no space is left|cannot write to the folder/.test(err) && !/^ {4}at /m.test(err);
      if (!isSentence) throw new SoakError(`a disk of ${pages} pages ended with code ${code}: ${err}`);
      mount("-o", `remount,size=${ROOMY}`, disk);
      expectDone(await start(pictures, out, "--resume").end, `the resume after a disk of ${pages} pages`);
    }
    expectState(out, expected, `a disk of ${pages} pages`);
    return code !== 0;
  } finally {
    execFileSync("umount", [disk]);
  }
}

/** Every size from one page on until nothing is missing, or `count` of them. */
async function soakDisks(job, disk, count) {
  mkdirSync(disk, { recursive: true });
  if (count === 0 || !canMount(disk)) return "no full disks: mounting a tmpfs needs root";
  let full = 0;
  const sample = [2, 17, 40, 75, 9, 26, 60, 33];
  for (let i = 0; count === undefined || i < count; i++) {
    const pages = count === undefined ? i + 1 : (sample[i % sample.length] ?? 1);
    if (await fillDisk(job, disk, pages)) full++;
    else if (count === undefined) break;
  }
  return `${full} full disks, each resumed with identical totals`;
}

/** A run without faults in `out`, removed afterwards. */
async function undisturbed(pictures, out) {
  expectDone(await start(pictures, out).end, "the first run");
  const job = { pictures, out, expected: stateOf(out), wholeBytes: sizeOf(join(out, "results.jsonl")) };
  rmSync(out, { recursive: true, force: true });
  return job;
}

async function soak({ kills, pairs, disks, seed }) {
  const random = seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), "fcn-soak-"));
  const say = (line) => process.stdout.write(`${line}\n`);
  try {
    const [many, few] = [join(folder, "many"), join(folder, "few")];
    writePictures(many, PICTURES, random);
    writePictures(few, DISK_PICTURES, random);
    const job = { ...(await undisturbed(many, join(folder, "out"))), random };
    say(await soakKills(job, kills));
    say(await soakPairs(job, pairs));
    say(await soakDisks(await undisturbed(few, join(folder, "out-few")), join(folder, "disk"), disks));
    return 0;
  } catch (error) {
    if (!(error instanceof SoakError)) throw error;
    process.stderr.write(`soak: ${error.message}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const OPTIONS = {
  kills: { type: "string", default: "200" },
  pairs: { type: "string", default: "10" },
  disks: { type: "string" },
  seed: { type: "string", default: "1" },
  help: { type: "boolean", default: false },
};

const { values } = parseArgs({ options: OPTIONS });
const numbers = Object.fromEntries(["kills", "pairs", "disks", "seed"].map((name) => [name, values[name]]));
const wrong = Object.entries(numbers).find(([, text]) => text !== undefined && !/^\d+$/.test(text));
if (values.help || wrong) {
  process.stdout.write(`${USAGE}\n`);
  process.exitCode = values.help ? 0 : 2;
} else {
  const disks = values.disks === undefined ? undefined : Number(values.disks);
  process.exitCode = await soak({
    kills: Number(values.kills),
    pairs: Number(values.pairs),
    seed: Number(values.seed),
    disks,
  });
}
