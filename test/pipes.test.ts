/** Pipes, links and devices where the program reads files. No pipe keeps it from ending. Runs the build. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listPictures } from "../src/cli/datasets.js";
import { bash } from "./helpers/shell.js";

const PICTURE = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-pipes-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(async () => {
  for (const name of ["in", "links/folder"]) mkdirSync(join(root, name), { recursive: true });
  for (const name of ["a.png", "in/a.png", "links/a.png"]) copyFileSync(PICTURE, join(root, name));
  writeFileSync(join(root, "list.txt"), "a.png\n");
  writeFileSync(join(root, "names.txt"), Array.from({ length: 21 }, (_, i) => `name ${i}\n`).join(""));
  const targets = {
    "link.png": "folder",
    selfdir: ".",
    "good.png": "a.png",
    "fifo.png": "../silent",
    "loop.png": "loop.png",
  };
  for (const [name, target] of Object.entries(targets)) symlinkSync(target, join(root, "links", name));
  await bash("mkfifo silent in/f.png; python3 -c \"import socket; socket.socket(1).bind('in/s.png')\"", root);
});

describe("a folder", () => {
  it("leaves out what is no regular file, and says so", async () => {
    const { code, out, err } = await bash("timeout -k 1 60 $FCN list in --hash", root);
    expect([code, out.split("\t")[0]], err).toEqual([0, "in/a.png"]);
    expect(err).toBe("fcn: list: left out 2: 2 as no regular files (pipes, sockets, devices): in/f.png, in/s.png\n");
  });

  it.each(["links", "links/*"])("follows links: %s", async (input) => {
    const items = await listPictures("segment", [join(root, input)]);
    const names = items.map(({ picture }) => picture.slice(join(root, "links").length + 1));
    expect(names).toEqual(["a.png", "good.png", "loop.png"]);
    const { out, err } = await bash(`$FCN list '${input}' --hash`, root);
    expect(out.match(/^[^\t]+/gm)).toEqual(["links/a.png", "links/good.png"]);
    expect(err).toContain("links/loop.png is left out: its links lead in a circle");
    expect(err).toMatch(/folders in a folder .*: (links\/folder, )?links\/link.png, links\/selfdir/);
    expect(err).toContain("1 as no regular files (pipes, sockets, devices): links/fifo.png");
  });
});

describe("a silent pipe", () => {
  it.each(["segment a.png --weights silent --out out", "inspect silent", "import silent --out x.safetensors"])(
    "is refused as weights: %s",
    async (args) => {
      const { code, err } = await bash(`timeout -k 1 60 $FCN ${args}`, root);
      expect([1, 2], err).toContain(code);
      expect(err).toMatch(/silent(: a file was expected, this is a pipe| is not a file)/);
    },
  );

  it.each([
    ["segment silent --out out", 2],
    ["segment --list silent --out out", 1],
    ["segment --list /dev/stdin --out out <&3", 1],
    ["segment a.png --class-names silent --out out", 1],
    ["list silent --hash", 1],
  ])("does not outlive a signal: %s", async (args, signals) => {
    const ends = ["TERM", "INT"].map((signal) => {
      const kill = `kill -${signal} $!; sleep 0.5; `.repeat(signals);
      return bash(`exec 3<>silent; set -m; $FCN ${args} & sleep 4; ${kill} kill -9 $! 2>&1; wait $!; exit $?`, root);
    });
    for (const { out, err, code } of await Promise.all(ends)) {
      expect(out, err).toContain("No such process");
      expect([75, 130, 143]).toContain(code);
    }
  });
});

describe("pipes that carry something are read", () => {
  it.each([
    "segment <(sleep 1; cat a.png) --out pipe1",
    "segment --list <(sleep 1; cat list.txt) --out pipe2",
    "segment --list /dev/stdin --out pipe3 < list.txt",
    "segment a.png --class-names <(sleep 1; cat names.txt) --out pipe4",
  ])("%s", async (args) => {
    const { code, out, err } = await bash(`timeout -k 1 100 $FCN ${args} --resize 64`, root);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("->");
  });
});
