/** Sentences about command lines that are nearly right. Runs the build. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readList } from "../src/cli/picture-list.js";
import { bash } from "./helpers/shell.js";
import { fcn } from "./helpers/fcn.js";

const PICTURE = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));
const WEIGHTS = fileURLToPath(new URL("../weights/fcn-resnet101-w16-icons-f16.safetensors", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-words-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string): string => join(root, name);
mkdirSync(at("in"));
copyFileSync(PICTURE, at("in/new\nline\tand\x1b[31m.png"));
copyFileSync(PICTURE, at("a.png"));

const DASH =
  "segment: unknown option '-d' in -dash.png; if that is a file, write ./-dash.png, or put it after --; " +
  "see fcn segment --help";
const ADDRESS =
  "segment: http://localhost:1/a.png is an address, files are needed: " +
  "curl http://localhost:1/a.png | fcn segment -";

const SERVERLESS = "is an address without a server; write its bytes into a file and name that";

describe("a wrong call is one sentence with a cure", () => {
  it.each([
    ["segment a.png --tile -1", "segment: --tile -1 is no whole number of rows"],
    ["segment a.png --threads -1", "segment: --threads -1 is not a whole number from 0 to 64"],
    [
      "segment a.png --out --json",
      "segment: --out needs a value; one that begins with a dash is written --out=-VALUE; see fcn segment --help",
    ],
    ["segment -dash.png", DASH],
    ["segment --fromat json", "segment: unknown option '--fromat'; the closest is --format; see fcn segment --help"],
    ["segment --nope", "segment: unknown option '--nope'; see fcn segment --help"],
    ["segment a.png --classes cat --classes dog", "segment: --classes is given twice; give it once, with all of it"],
    ["segment -- --help", "segment: there is no file or folder --help"],
    ["segment http://localhost:1/a.png", ADDRESS],
    ["segment --merge in in/", "segment: --merge names the folder in/ twice; name it once"],
    ["doctor x", "doctor: takes no x; it has options only"],
    ["tune --seconds 0", "tune: --seconds 0 is not a number above 0 and up to 3600"],
    ["tune --seconds 0x10", "tune: --seconds 0x10 is not a number above 0 and up to 3600"],
    ["segment a.png --weights ''", "segment: --weights is empty; give it a value or leave it out"],
    ["doctor --adapter ''", "doctor: --adapter is empty; give it a value or leave it out"],
    ["segment a.png --threads=", "segment: --threads is empty; give it a value or leave it out"],
    ["bench models --sizes ''", "bench: --sizes is empty; give it a value or leave it out"],
    ["import a.pth --out ''", "import: --out is empty; give it a value or leave it out"],
    ["bench models --sizes 5x", "bench: --sizes 5x is neither N nor WIDTHxHEIGHT"],
    ["segment a.png --format labels,,mask", 'segment: --format "" is not one of labels, overlay, mask, json'],
    [
      "compare a.png --variants fcn8s,",
      'compare: --variants "" is not one of fcn32s, fcn16s, fcn8s, fcn-resnet101, fcn-resnet50, fcn-resnet152',
    ],
    ["import data:,abc --out o", `import: data:,abc ${SERVERLESS}`],
    ["import BLOB:x --out o", `import: BLOB:x ${SERVERLESS}`],
    ["segment a.png ''", 'segment: one of the words is empty ("")'],
    ["inspect ''", 'inspect: one of the words is empty ("")'],
    ["compare in --weights photos --weights icons", "compare: --weights is given twice; give it once, with all of it"],
    ["bench models --precision f32 --precision f16", "bench: --precision is given twice; give it once, with all of it"],
  ])("fcn %s", async (args, sentence) => {
    expect(await bash(`$FCN ${args}`, root)).toEqual({ code: 2, out: "", err: `fcn: ${sentence}\n` });
  });

  it("fcn help help shows the help", async () => {
    const { code, out } = await fcn("help", "help");
    expect([code, out]).toEqual([0, (await fcn("help")).out]);
  });
});

describe("names from files", () => {
  it("begin no line of their own and steer no terminal", async () => {
    const { code, out, err } = await bash("$FCN segment in --out out", root);
    expect([code, err]).toEqual([0, ""]);
    expect(out.trimEnd().split("\n")).toHaveLength(2);
    expect(out).toContain("in/new\\u000aline\\u0009and\\u001b[31m.png");
    const inspected = await bash(`cp '${WEIGHTS}' $'odd\\nname' && $FCN inspect $'odd\\nname'`, root);
    expect(inspected.out).toMatch(/^odd\\u000aname: safetensors, /);
    const noted = await bash(`$FCN segment in --out out --weights $'odd\\nname'`, root);
    expect(noted.err).toMatch(/^fcn: odd\\u000aname is /);
    const missing = await bash("$FCN segment $'no\\nsuch.png'", root);
    expect(missing.err).toBe("fcn: segment: there is no file or folder no\\u000asuch.png\n");
  });

  it("are escaped by fcn list on a terminal, and left alone in a pipe", async () => {
    expect((await bash("$FCN list in", root)).out).toContain("\x1b[31m.png");
    const shown = await bash('script -qec "$FCN list in" /dev/null < /dev/null', root);
    expect(shown.out).toContain("\\u001b[31m.png");
    expect(shown.out).not.toContain("\x1b[31m");
  });
});

it("a list may begin with a byte order mark", async () => {
  writeFileSync(at("marked.txt"), "\ufeffa.png\n\ufeffb.png\n");
  expect(await readList("segment", at("marked.txt"))).toEqual([{ path: "a.png" }, { path: "\ufeffb.png" }]);
});
