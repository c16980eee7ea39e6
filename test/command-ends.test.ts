/** How commands end: readers that leave, full disks, signals; and what they leave behind. Runs the build. */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeLabelPng } from "../src/image/png.js";
import { PROGRAM } from "./helpers/fcn.js";
import { bash } from "./helpers/shell.js";
import { withCheckpoint } from "./helpers/small-checkpoint.js";

const PICTURE = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));
const WEIGHTS = fileURLToPath(new URL("../weights/fcn-resnet101-w16-icons-f16.safetensors", import.meta.url));
const PICTURES = 6;
const root = mkdtempSync(join(tmpdir(), "fcn-ends-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeAll(() => {
  mkdirSync(join(root, "in"));
  for (let i = 0; i < PICTURES; i++) copyFileSync(PICTURE, join(root, `in/${i}.png`));
});
const run = (script: string) => bash(`set -o pipefail\n${script}`, root, { WEIGHTS });
const filesIn = (name: string): string[] => readdirSync(join(root, name)).sort();
const DISK_FULL = "cannot be written: the disk is full; free space, or write to another disk";

describe("a reader that leaves", () => {
  it("does not keep segment from writing its files", async () => {
    const { code, err } = await run("$FCN segment in --out head --variant fcn32s | head -1");
    expect([code, err, filesIn("head").length]).toEqual([0, "", PICTURES]);
  });

  it("ends a stream of results on stdout without an error", async () => {
    const ended = await run("$FCN segment in --format json --out - --variant fcn32s | head -1");
    expect(ended).toMatchObject({ code: 0, err: "" });
    expect(ended.out.split("\n")).toHaveLength(2);
  });

  it("of stderr ends nothing", async () => {
    const script = "$FCN segment in in/none.png --out quiet --variant fcn32s 2> >(exec true) >/dev/null";
    await run(`touch in/none.png; ${script}; code=$?; rm in/none.png; exit $code`);
    expect(filesIn("quiet")).toHaveLength(PICTURES);
  });
});

describe("a full disk", () => {
  it.each([
    ["inspect", "$FCN inspect $WEIGHTS"],
    ["a stream of results", "$FCN segment in/0.png --out - --variant fcn32s"],
  ])("behind stdout is a sentence: %s", async (_, script) => {
    expect(await run(`${script} > /dev/full`)).toMatchObject({ code: 1, err: `fcn: stdout ${DISK_FULL}\n` });
  });

  it("behind stdout does not keep segment from writing its files", async () => {
    const { code, err } = await run("$FCN segment in --out full --variant fcn32s > /dev/full");
    expect([code, err, filesIn("full").length]).toEqual([1, `fcn: stdout ${DISK_FULL}\n`, PICTURES]);
  });

  it("behind --out is a sentence with the name", async () => {
    const imported = await run("$FCN import $WEIGHTS --out /dev/full");
    expect(imported).toMatchObject({ code: 1, err: `fcn: /dev/full ${DISK_FULL}\n` });
    const segmented = await run("$FCN segment in --out /dev/full");
    const sentence = "cannot write to the folder /dev/full: a file of that name is in the way; choose another place";
    expect(segmented).toMatchObject({ code: 2, err: `fcn: segment: ${sentence}\n` });
  });
});

describe("import writes to stdout alone", () => {
  it.each([
    ["-", "stdout"],
    ["link", "link"],
  ])("--out %s", async (out, name) => {
    const folder = join(root, `stdout-${name}`);
    mkdirSync(folder);
    symlinkSync("/proc/self/fd/1", join(folder, "link"));
    const ended = await run(`cd ${folder}; $FCN import $WEIGHTS --out ${out} > file`);
    expect(ended).toMatchObject({ code: 0, out: "" });
    expect(ended.err).toMatch(new RegExp(`\\n  -> ${name}  \\d+ tensors, f32`));
    expect(filesIn(`stdout-${name}`).sort()).toEqual(["file", "link"]);
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
    await withCheckpoint(join(folder, "file"), async ({ tensors }) => expect(tensors.size).toBeGreaterThan(100));
  });
});

it("a file that cannot be finished leaves no part of it, and the earlier one stays", async () => {
  mkdirSync(join(root, "cut"));
  writeFileSync(join(root, "cut/a.safetensors"), "earlier");
  const { code, err } = await run("ulimit -f 1024; $FCN import $WEIGHTS --out cut/a.safetensors");
  const why = "it is larger than a file may be here; raise the limit, or write to another disk";
  expect([code, err]).toEqual([1, `fcn: cut/a.safetensors cannot be written: ${why}\n`]);
  expect(filesIn("cut")).toEqual(["a.safetensors"]);
  expect(readFileSync(join(root, "cut/a.safetensors"), "utf8")).toBe("earlier");
});

/** The program with a temporary folder of its own, and how it ended. */
function start(tmp: string, ...args: string[]) {
  mkdirSync(tmp, { recursive: true });
  const env = { ...process.env, TMPDIR: tmp, XDG_RUNTIME_DIR: undefined };
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ["ignore", "pipe", "pipe"], cwd: root });
  let out = "";
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  const ended = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  );
  return { child, ended, output: () => out };
}

/** Processes whose parent is `pid`. */
function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return readFileSync(path, "utf8").split(" ").filter(Boolean).map(Number);
}
const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

async function waitUntil(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 4000 && !condition(); i++) await sleep(10);
}

describe("a signal", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s ends segment with %i; every file is whole, and nothing else is left", async (signal, code) => {
    const tmp = join(root, `tmp-${signal}`);
    const out = join(root, `out-${signal}`);
    const { child, ended, output } = start(tmp, "segment", "in", "--format", "labels,overlay", "--out", out);
    await waitUntil(() => output().includes("->"));
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(readdirSync(tmp)).toEqual([]);
    const names = readdirSync(out);
    expect(names.filter((name) => name.startsWith("."))).toEqual([]);
    for (const name of names.filter((n) => n.endsWith(".labels.png")))
      expect(decodeLabelPng(readFileSync(join(out, name))).width).toBe(131);
  });

  it("reaches the processes that bench measures in", async () => {
    const { child, ended } = start(join(root, "tmp-bench"), "bench", "models", "--sizes", "512");
    await waitUntil(() => childrenOf(child.pid ?? 0).length > 0);
    const children = childrenOf(child.pid ?? 0);
    child.kill("SIGTERM");
    expect(await ended).toBe(143);
    await waitUntil(() => !children.some(isRunning));
    expect([children.length, children.filter(isRunning)]).toEqual([1, []]);
  });
});

describe("a temporary folder", () => {
  it("is not there at the end", async () => {
    const tmp = join(root, "tmp-end");
    expect(await start(tmp, "doctor").ended).toBe(0);
    expect(readdirSync(tmp)).toEqual([]);
  });

  it.each(["SIGINT", "SIGKILL"] as const)(
    "is not left by a program that uses the library, after %s",
    async (signal) => {
      const tmp = join(root, `tmp-library-${signal}`);
      mkdirSync(tmp);
      const script = join(root, "uses-library.mjs");
      const library = new URL("../dist/bundles/node/node.js", import.meta.url).href;
      writeFileSync(
        script,
        `import { requestDevice } from ${JSON.stringify(library)};
       const device = await requestDevice();
       console.log(device.label);
       setInterval(() => device, 1000);`,
      );
      const env = { ...process.env, TMPDIR: tmp, XDG_RUNTIME_DIR: undefined };
      const child = spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "ignore"] });
      const ended = new Promise((resolve) => child.once("close", (_, by) => resolve(by)));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      child.kill(signal);
      expect(await ended).toBe(signal);
      expect(readdirSync(tmp)).toEqual([]);
    },
  );
});
