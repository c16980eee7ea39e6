/** What the program loads before it does anything: a command loads its own modules. Runs the build. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND_NAMES } from "../src/cli/program-name.js";
import { fcn, runFcn } from "./helpers/fcn.js";

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fcn-start-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files that a call loads, as Node's coverage lists them. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const to = mkdtempSync(join(folder, "call-"));
  const { code } = await runFcn(args, { env: { NODE_V8_COVERAGE: to } });
  expect(code).toBe(0);
  const reports = readdirSync(to).map((file) => JSON.parse(readFileSync(join(to, file), "utf8")) as Coverage);
  return reports.flatMap(({ result }) => result.map(({ url }) => url)).filter((url) => url.startsWith("file:"));
}

describe("the program", () => {
  it.each([["--version"], ["help"]])("loads no command for %s", async (word) => {
    const files = await loadedBy(word);
    expect(files.length).toBeGreaterThan(5);
    expect(files.length).toBeLessThan(40);
  });

  // Modules import each other. Each command is where loading begins, so each must work as the first.
  it.each(COMMAND_NAMES)("loads fcn %s, and shows its help", async (name) => {
    const { code, out, err } = await fcn(name, "--help");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`fcn ${name}`);
  });

  it("loads no kernel, no network and no WebGPU to list weights", async () => {
    const files = await loadedBy("weights");
    expect(files.filter((url) => /\/(shaders|src\/models|src\/plan|node_modules\/webgpu)\//.test(url))).toEqual([]);
  });
});
