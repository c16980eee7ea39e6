/** What tools for packages report. They report nothing, or the test shows what. */
import { describe, expect, it } from "vitest";
import { ROOT, runTool, useInstalled } from "../helpers/installed.js";

const MAX_GZIPPED_BYTES = 60_000;

describe("the packed package", () => {
  const installed = useInstalled();

  it("satisfies publint", async () => {
    const { code, out, err } = await installed().tool("publint", "--strict", installed().tarball);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/All good!\s*$/);
  });

  // esm-only: Node 20.19 and newer can `require` ES modules (node.test.ts does). Only TypeScript's resolution from
  // before 2022 ("node10", removed in TypeScript 7) does not know `exports`.
  it("has the types that attw expects of an ESM package", async () => {
    const options = ["--profile", "esm-only", "--no-color", "--no-emoji"];
    const { code, out, err } = await installed().tool("@arethetypeswrong/cli", installed().tarball, ...options);
    expect([code, err], out).toEqual([0, ""]);
    const table = out.split("\n").filter((line) => line.includes('"fcn-webgpu'));
    expect(table).toHaveLength(Object.keys(installed().manifest.exports).length);
  });
});

describe("the repository", () => {
  it("has no unused file, export or dependency, according to knip", async () => {
    const { code, out, err } = await runTool("knip", ["--no-progress", "--no-config-hints"], ROOT);
    expect([code, out, err]).toEqual([0, "", ""]);
  });

  it("gives a page that segments less than 60 kB of JavaScript, gzipped, according to size-limit", async () => {
    const { code, out, err } = await runTool("size-limit", ["--json"], ROOT);
    expect([code, err], out).toEqual([0, ""]);
    const [pageThatSegments, ...others] = JSON.parse(out) as readonly unknown[];
    expect(pageThatSegments).toMatchObject({ passed: true, sizeLimit: MAX_GZIPPED_BYTES });
    expect(others).toMatchObject([{ passed: true }, { passed: true }, { passed: true }]);
  });
});
