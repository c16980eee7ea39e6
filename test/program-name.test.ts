/** What the program is called, its help and version, and what it prints besides results. Runs the build. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND_NAMES, programName, withTypedName } from "../src/cli/program-name.js";
import { PROGRAM, fcn, runFcn } from "./helpers/fcn.js";
import type { FcnEnd } from "./helpers/fcn.js";

const folder = mkdtempSync(join(tmpdir(), "fcn-name-"));
const LINK = join(folder, "fcn-webgpu");
const val = (name: string): string => fileURLToPath(new URL(`fixtures/val/${name}.png`, import.meta.url));
beforeAll(() => symlinkSync(PROGRAM, LINK));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program under its long name. */
const fcnWebgpu = (...args: string[]): Promise<FcnEnd> => runFcn(args, { program: LINK });

describe("the name that was typed", () => {
  it.each([
    ["/usr/bin/fcn", "fcn"],
    ["/project/node_modules/.bin/fcn-webgpu", "fcn-webgpu"],
    ["/project/dist/bundles/node/fcn.js", "fcn"],
    ["", "fcn"],
  ])("of %j is %s", (script, name) => expect(programName(script)).toBe(name));

  it.each([
    ["fcn: segment: see fcn segment --help", "fcn-webgpu: segment: see fcn-webgpu segment --help"],
    ["fcn COMMAND --help, fcn --version", "fcn-webgpu COMMAND --help, fcn-webgpu --version"],
    ["fcn: my fcn photo.png is no PNG; ./fcn train.png", "fcn-webgpu: my fcn photo.png is no PNG; ./fcn train.png"],
    ["fcn: fcn-resnet50 and fcn_resnet101 fit", "fcn-webgpu: fcn-resnet50 and fcn_resnet101 fit"],
  ])("is put into %j", (text, expected) => {
    expect(withTypedName(text, "fcn-webgpu")).toBe(expected);
    expect(withTypedName(text, "fcn")).toBe(text);
  });

  it("is that of messages and help", async () => {
    const sentence = "fcn-webgpu: segment: name at least one picture, as in fcn-webgpu segment photo.png\n";
    expect(await fcnWebgpu("segment")).toMatchObject({ code: 2, err: sentence });
    expect((await fcnWebgpu("segment", "--help")).out).toMatch(/^fcn-webgpu segment INPUT/);
  });
});

describe("help", () => {
  it.each([
    ["fcn", fcn],
    ["fcn-webgpu", fcnWebgpu],
  ])("of %s fits 80 columns, for the program and every command", async (name, run) => {
    const texts = [await run("--help")];
    for (const command of COMMAND_NAMES) texts.push(await run("help", command));
    for (const { code, out, err } of texts) {
      expect([code, err, out.startsWith(name)]).toEqual([0, "", true]);
      expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    }
  });

  it("has a second form, and refuses what is no command", async () => {
    for (const args of [["help"], ["-h"], ["help", "--help"]])
      expect((await fcn(...args)).out).toBe((await fcn("--help")).out);
    expect((await fcn("help", "doctor")).out).toBe((await fcn("doctor", "-h")).out);
    const unknown = /^fcn: there is no command "segmnt"; there is segment, .*\n$/;
    expect(await fcn("help", "segmnt")).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(unknown) as string,
    });
    const two = "fcn: help: name one command, as in fcn help segment\n";
    expect(await fcn("help", "segment", "train")).toMatchObject({ code: 2, err: two });
  });

  it.each(["--version", "-V", "-v"])("%s prints the version", async (option) => {
    const { code, out } = await fcn(option);
    expect([code, out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/)]);
  });
});

describe("--quiet", () => {
  const small = ["--weights", "icons", "--out", folder];

  it("leaves out notes, and keeps results", async () => {
    const loud = await fcn("segment", val("15"), ...small);
    expect(loud.err).toMatch(/^fcn: icons is .*\n$/);
    const quiet = await fcn("segment", val("15"), ...small, "--quiet");
    expect([quiet.code, quiet.err]).toEqual([0, ""]);
    expect(quiet.out).toMatch(/15\.png {2}131 x 97 /);
    expect(await fcn("bench", "kernels", "--filter", "leaky-relu", "-q")).toMatchObject({ code: 0, err: "" });
  });

  it("leaves out what training says while it runs", async () => {
    const options = ["--epochs", "1", "--variations", "1", "--out", join(folder, "train"), "--json", "-q"];
    expect(await fcn("train", val("14"), val("15"), ...options)).toMatchObject({ code: 0, err: "" });
  });

  it("keeps errors", async () => {
    const { code, err } = await fcn("segment", val("15"), fileURLToPath(import.meta.url), ...small, "-q");
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^fcn: .*test\.ts: .*\nfcn: segment: 1 of 2 pictures failed\n$/),
    ]);
  });

  it("is refused where there is nothing to leave out", async () => {
    expect(await fcn("doctor", "--quiet")).toMatchObject({ code: 2, out: "" });
  });
});

it("nothing is printed in colours, whatever the environment says", async () => {
  for (const env of [{ NO_COLOR: "1" }, { FORCE_COLOR: "3", NO_COLOR: "" }]) {
    const { out, err } = await runFcn(["segment", val("15"), "--out", folder], { env });
    expect(out + err).not.toContain("\u001b");
    expect((await runFcn(["segment", "nowhere.png"], { env })).err).not.toContain("\u001b");
  }
});
