/** Folders of results: places where none can be made, and names that are not UTF-8. Runs the build. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { makeFolder } from "../src/base/make-folder.js";
import { bash } from "./helpers/shell.js";

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-folders-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string): string => join(root, name);

mkdirSync(at("in"));
copyFileSync(fixture("val/15.png"), at("in/a.png"));
mkdirSync(at("set"));
for (const name of ["15", "16"]) {
  copyFileSync(fixture("val/15.png"), at(`set/${name}.png`));
  copyFileSync(fixture("val/15.label.png"), at(`set/${name}.label.png`));
}
writeFileSync(at("file"), "");
symlinkSync("nowhere", at("dangling"));
symlinkSync("circle", at("circle"));
mkdirSync(at("trained")); // runs beside each other use it, and those that fail remove what they made

describe("makeFolder()", () => {
  it("makes a folder and those above it, and takes what is there", async () => {
    expect(await makeFolder(at("a/b/c"))).toEqual([at("a"), at("a/b"), at("a/b/c")]);
    await makeFolder(`${root}/a/b/../c/`);
    expect(await makeFolder(at("a/c"))).toEqual([]);
    expect(readdirSync(at("a")).sort()).toEqual(["b", "c"]);
    symlinkSync("a", at("link"));
    await makeFolder(at("link/d"));
    expect(existsSync(at("a/d"))).toBe(true);
    await makeFolder("/");
    await makeFolder(".");
  });

  it("makes one that another run removes and makes at the same time", async () => {
    const makeAndRemove = async (): Promise<void> => {
      for (let i = 0; i < 200; i++) {
        await makeFolder(at("contested"));
        await rmdir(at("contested")).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: 4 }, makeAndRemove));
  });

  it.each([
    ["/proc/nope/a", "ENOTSUP", /^\/proc is no place for a folder/],
    ["file", "EEXIST", /./],
    ["file/a", "ENOTDIR", /./],
    ["dangling", "EDANGLING", /dangling is a link that leads nowhere/],
    ["dangling/a/b", "EDANGLING", /dangling is a link that leads nowhere/],
    ["circle", "ELOOP", /./],
    ["circle/a", "ELOOP", /./],
  ])("ends at the first part that cannot be made: %s", async (path, code, message) => {
    const error: unknown = await makeFolder(path.startsWith("/") ? path : at(path)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});

describe("a place for results", () => {
  const commands = {
    segment: "segment in --out",
    compare: "compare in --out",
    train: "train set --out",
    demo: "demo --out",
    bench: "bench kernels --out",
    svg: "bench kernels --svg",
    cache: "train set --out trained --cache-folder",
  };
  const places = [
    ["/proc/nope", "/proc is no place for a folder; choose another place"],
    ["dangling", "dangling is a link that leads nowhere; remove it, or make its target"],
    ["circle/deep", "its links lead in a circle; choose another place"],
    ["''", "is empty; name a folder"],
    ["/dev/null", "a file of that name is in the way; choose another place"],
  ] as const;
  it.each(Object.entries(commands))("that is none is a wrong call: %s", async (_, command) => {
    const ends = places.map(([place]) => bash(`timeout -k 1 60 $FCN ${command} ${place}`, root));
    for (const [i, { code, err }] of (await Promise.all(ends)).entries()) {
      expect([code, err.trim()]).toEqual([2, expect.stringContaining(places[i]?.[1] ?? "")]);
    }
  });

  it.each([
    "segment in --classes nope --out new/deep",
    "segment in --resize 20000 --out new/deep",
    "train set --weights in/a.png --out new/deep --cache-folder new/cache",
    "compare in --weights in/a.png --out new/deep",
  ])("is not left behind empty by a command that fails: %s", async (command) => {
    mkdirSync(at("empty"), { recursive: true });
    const { code, err } = await bash(`$FCN ${command}`, root);
    expect([1, 2], err).toContain(code);
    expect(existsSync(at("new"))).toBe(false);
    await bash(`$FCN ${command.replace("new/deep", "empty")}`, root);
    expect(existsSync(at("empty"))).toBe(true);
  });

  it("for features must be one that can be read", async () => {
    const asUser = process.getuid?.() === 0 ? "setpriv --bounding-set -all --inh-caps -all" : "";
    const script = "mkdir -m 333 blind && $AS_USER $FCN train set --out blind-train --cache-folder blind --epochs 1";
    const { code, err } = await bash(script, root, { AS_USER: asUser });
    expect([code, err]).toEqual([2, expect.stringMatching(/fcn: train: blind cannot be looked at: EACCES: .*\n/)]);
  });

  it("may have a name that is not UTF-8", async () => {
    const out = "--out $'out\\xff' --resume";
    const compared = await bash(`$FCN compare in ${out} && $FCN compare in ${out} && ls out*/kept/*/meta.json`, root);
    expect(compared.code, compared.err).toBe(0);
    const few = "--epochs 1 --resize 32 --hold-out 0 --cache-folder $'cache\\xff'";
    const trained = await bash(`$FCN train set --out $'train\\xff' ${few} && ls train*/best.safetensors`, root);
    expect(trained.code, trained.err).toBe(0);
  });
});

describe("a working directory", () => {
  it("whose name is not UTF-8 gives names that lead back to it", async () => {
    const compare = (picture: string, out: string) => `$FCN compare ${picture} --sizes none --out ${out}`;
    const script = [
      "mkdir $'work\\xe9' && cp in/a.png $'work\\xe9'",
      compare("$'work\\xe9/a.png'", "compared"),
      "cd $'work\\xe9'",
      `${compare("a.png", "../compared")} --resume`,
      "wc -l < ../compared/results.jsonl",
    ].join(" && ");
    const { code, out } = await bash(script, root);
    expect([code, out]).toEqual([0, expect.stringMatching(/\n2\n$/)]); // the header and one picture
  });

  it("that was removed is a wrong call, but whole paths still work", async () => {
    const inRemoved = (command: string) => bash(`mkdir gone && cd gone && rmdir ../gone && $FCN ${command}`, root);
    expect(await inRemoved("segment ../in/a.png")).toMatchObject({
      code: 2,
      err: "fcn: the working directory was removed; go to another one, or give whole paths\n",
    });
    const { code, err } = await inRemoved(`segment ${at("in/a.png")} --out ${at("whole")}`);
    expect([code, err]).toEqual([0, ""]);
  });
});
