/** Which files commands take and make, as a shell sees it: odd names, folders, pipes. Runs the build. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { nativePath } from "../src/base/native-path.js";
import { listPictures } from "../src/cli/datasets.js";
import { fcn } from "./helpers/fcn.js";
import { bash } from "./helpers/shell.js";

const PICTURE = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});
const at = (name: string): string => join(folder, name);
/** Copies of a picture under these names. */
function pictures(...names: string[]): void {
  for (const name of names) {
    mkdirSync(nativePath(join(at(name), "..")), { recursive: true });
    copyFileSync(PICTURE, nativePath(at(name)));
  }
}
const segment = (...args: string[]) => fcn("segment", "--variant", "fcn32s", ...args);
const namesIn = (name: string): string[] => readdirSync(at(name)).sort();

describe("a folder's pictures", () => {
  it("are all of them, but for label maps and results beside them, and the end says how many and why", async () => {
    pictures("in/photo.png", "in/photo.2.png", "in/photo.edited.png", "in/lone.label.png");
    pictures("in/photo.label.png", "in/photo.overlay.png", "in/sub/deep.png");
    for (const name of ["notes.txt", "a.json", "b.json", "c.json"]) writeFileSync(at(`in/${name}`), "");
    const { code, err } = await segment(at("in"), "--out", at("out"));
    expect(code).toBe(0);
    expect(namesIn("out")).toEqual(
      ["lone.label", "photo.2", "photo.edited", "photo"].map((name) => `${name}.labels.png`),
    );
    const owned = `${at("in/photo.label.png")}, ${at("in/photo.overlay.png")}`;
    const own = `2 as label maps or results of pictures beside them: ${owned}`;
    const endings = "4 for their endings (pictures end in .png, .jpg, .jpeg, .webp): ";
    const files = `${at("in/a.json")}, ${at("in/b.json")}, ${at("in/c.json")}, ...`;
    const below = `1 as folders in a folder (name them, or give a pattern such as DIR/**/*): ${at("in/sub")}`;
    expect(err).toBe(`fcn: segment: left out 7: ${own}; ${endings}${files}; ${below}\n`);
  });

  it("are found again without the results that the last run wrote beside them", async () => {
    pictures("in/cat.png", "in/dog.2.png");
    const run = () => segment(at("in"), "--format", "labels,overlay,mask,json", "--out", at("in"));
    await run();
    const first = namesIn("in");
    expect(first).toHaveLength(10);
    expect((await run()).err).toMatch(/^fcn: segment: left out 8: 6 as label maps or results .*; 2 for their endings/);
    expect(namesIn("in")).toEqual(first);
  });

  it("of a pattern are told apart by what lies beside them, also where the pattern does not match it", async () => {
    pictures("cat.png", "cat.label.png", "dog.label.png");
    const items = await listPictures("segment", [at("*.label.png")]);
    expect(items.map(({ key }) => key)).toEqual([at("dog.label.png")]);
    await expect(listPictures("segment", [at("cat.label.*")])).rejects.toThrow(
      /matches no picture; left out 1: 1 as label maps or results of pictures beside them: .*cat\.label\.png$/,
    );
    const named = await listPictures("segment", [at("cat.label.png")]);
    expect(named.map(({ key }) => key)).toEqual([at("cat.label.png")]);
  });

  it("that another input takes are not called left out, nor are their folders", async () => {
    pictures("in/cat.png", "in/cat.mask.png", "in/sub/a.png");
    const script = "$FCN segment in in/cat.mask.png 'in/sub/*' --out out --variant fcn32s";
    expect(await bash(script, folder)).toMatchObject({ code: 0, err: "" });
    expect(namesIn("out")).toEqual(["a.labels.png", "cat.labels.png", "cat.mask.labels.png"]);
  });

  it("are those of the others when one folder cannot be read", async () => {
    pictures("in/a.png", "in/locked/b.png");
    // Root reads every folder, unless it gives its capabilities away.
    const script = 'chmod 0 in/locked; $AS_USER $FCN segment in/locked in "in/**/*.png" --out out --variant fcn32s';
    const asUser = process.getuid?.() === 0 ? "setpriv --bounding-set -all --inh-caps -all" : "";
    const { code, err } = await bash(`${script}; code=$?; chmod 700 in/locked; exit $code`, folder, {
      AS_USER: asUser,
    });
    expect(err).toMatch(/^fcn: segment: WARNING: the folder in\/locked cannot be read and is left out: EACCES: .*\n/);
    expect(err).toMatch(/\nfcn: segment: left out 1: 1 as folders that cannot be read: in\/locked\n$/);
    expect([code, namesIn("out")]).toEqual([0, ["a.labels.png"]]);
  });
});

describe("names", () => {
  it("that are not UTF-8 are taken from the command line, folders and patterns, and kept in the results", async () => {
    pictures("in/caf\udce9.png", "in/na\udcefve/x.png", "in/other/x.png");
    const expected = [Buffer.from("caf\xe9.labels.png", "latin1")];
    for (const [out, words] of [
      ["a", "$'in/caf\\xe9.png'"],
      ["b", "in"],
      ["c", "'in/c*'"],
    ] as const) {
      const { code, out: text, err } = await bash(`$FCN segment ${words} --out ${out} --variant fcn32s`, folder);
      expect([code, text]).toEqual([0, expect.stringContaining("caf\\udce9.labels.png") as string]);
      expect(err).not.toContain("\ufffd");
      expect(readdirSync(at(out), { encoding: "buffer" })).toEqual(expected);
    }
    await bash("$FCN segment in/*/x.png --out d --variant fcn32s", folder);
    expect(readdirSync(nativePath(at("d/na\udcefve")))).toEqual(["x.labels.png"]);
  });

  it("of 255 bytes are cut, so that results have their endings", async () => {
    const long = "\u00fc".repeat(125);
    pictures(`${long}1.png`, `${long}2.png`);
    const { code, out } = await segment(at(`${long}1.png`), at(`${long}2.png`), "--probabilities", "--out", at("out"));
    expect(code).toBe(0);
    expect(namesIn("out")).toHaveLength(6);
    for (const name of namesIn("out")) expect(out).toContain(name);
  });

  it("with control characters do not reach the terminal", async () => {
    const evil = "a\x1b]0;owned\x07\n\u202eb.png";
    pictures(evil);
    writeFileSync(at("bad\x1b[2J.png"), "no picture");
    const { out, err } = await segment(at("*.png"), "--out", at("out"));
    expect(out + err).toContain("a\\u001b]0;owned\\u0007");
    expect(out + err).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    const { out: json } = await segment(at(evil), "--json", "--out", at("out"));
    expect((JSON.parse(json) as { image: string }).image).toBe(at(evil));
  });
});

describe("pipes", () => {
  it("are pictures: /dev/stdin, named pipes and those of the shell", async () => {
    const script = `
      mkfifo pipe
      cat "$PICTURE" > pipe &
      cat "$PICTURE" | $FCN segment /dev/stdin pipe <(cat "$PICTURE") --out out --variant fcn32s`;
    const { code, err } = await bash(script, folder, { PICTURE });
    expect([code, err]).toEqual([0, ""]);
    const [first = "", ...others] = namesIn("out");
    expect([first, ...others]).toHaveLength(3);
    expect(others).toEqual(["pipe.labels.png", "stdin.labels.png"]);
    for (const name of others) expect(readFileSync(at(`out/${name}`))).toEqual(readFileSync(at(`out/${first}`)));
  });

  it("are read from stdin also where it is a socket, as below Node", async () => {
    const { code, err } = await bash('$FCN segment /dev/stdin --out out < "$PICTURE"', folder, { PICTURE });
    expect([code, err, namesIn("out")]).toEqual([0, "", ["stdin.labels.png"]]);
  });

  it.each([
    [["/dev/zero"], "segment: /dev/zero is a device, not a picture; name a file, a folder or a pipe"],
    [["/dev/stdin", "-"], "segment: - (stdin) can be given once"],
  ])("%j is a sentence", async (inputs, sentence) => {
    expect(await segment(...inputs)).toMatchObject({ code: 2, err: `fcn: ${sentence}\n` });
  });
});
