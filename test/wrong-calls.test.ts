/** Wrong calls have exit code 2 in every command, and make nothing. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../src/cli/command-list.js";
import { runCommand } from "./helpers/commands.js";

const BIRD = fileURLToPath(new URL("../samples/bird", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-wrong-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string): string => join(root, name);
mkdirSync(at("folder"));
cpSync(`${BIRD}.png`, at("bird.png"));
cpSync(`${BIRD}.label.png`, at("bird.label.png"));

const BIRD_PICTURE = at("bird.png");
const MISSING = at("none.pth");
const out = at("out");

/** The error that main.ts would print. */
async function errorOf(name: string, ...args: string[]): Promise<unknown> {
  const command = await COMMANDS.find((listed) => listed.name === name)?.load();
  if (!command) throw new Error(`there is no command ${name}`);
  return runCommand(command, ...args).catch((error: unknown) => error);
}

describe("a checkpoint that is not there is a wrong call", () => {
  const calls: [string, ...string[]][] = [
    ["segment", BIRD_PICTURE, "--out", out, "--weights"],
    ["compare", BIRD_PICTURE, "--out", out, "--weights"],
    ["train", BIRD_PICTURE, "--out", out, "--weights"],
    ["train", BIRD_PICTURE, "--out", out, "--teacher"],
    ["bench", "models", "--out", out, "--weights"],
    ["tune", "--weights"],
    ["inspect"],
    ["import", "--out", at("x.safetensors")],
  ];
  it.each(calls)("of fcn %s", async (name, ...args) => {
    const error = await errorOf(name, ...args, MISSING);
    expect(error).toMatchObject({
      name: "UsageError",
      message: expect.stringContaining(`no file ${MISSING}`) as string,
    });
    const folder = await errorOf(name, ...args, at("folder"));
    expect(folder).toMatchObject({ name: "UsageError", message: expect.stringContaining("is not a file") as string });
    expect(existsSync(out)).toBe(false);
  });
});

it("a folder is no file to import into", async () => {
  for (const [folder, path] of [
    [at("folder"), at("folder/NAME.safetensors")],
    ["new/", "new/NAME.safetensors"],
  ] as const) {
    const message = `import: --out ${folder} is a folder; name a file, as in ${path}`;
    expect(await errorOf("import", MISSING, "--out", folder)).toMatchObject({ name: "UsageError", message });
  }
});

describe("a wrong call makes no folder", () => {
  const calls: [string, ...string[]][] = [
    ["segment", BIRD_PICTURE, "--variant", "x"],
    ["segment", BIRD_PICTURE, "--resize", "0x10"],
    ["segment", BIRD_PICTURE, "--threads", "x"],
    ["segment", BIRD_PICTURE, "--devices", "a,,b"],
    ["segment", BIRD_PICTURE, "--class-names", at("none")],
    ["compare", BIRD_PICTURE, "--class-names", at("none")],
    ["compare", BIRD_PICTURE, "--boundary-width", "1e3"],
    ["bench", "models", "--sizes", "x"],
    ["bench", "models", "--batch", "0"],
    ["bench", "kernels", "--filter", "no such kernel"],
  ];
  it.each(calls)("fcn %s %s %s %s", async (name, ...args) => {
    expect(await errorOf(name, ...args, "--out", out)).toMatchObject({ name: "UsageError" });
    expect(existsSync(out)).toBe(false);
  });
});
