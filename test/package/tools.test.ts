/** What the tools of the trade say of the package. Each is silent, or the test shows its words. */
import { describe, expect, it } from "vitest";
import { ROOT, runTool, useInstalled } from "../helpers/installed.js";

describe("the packed package", () => {
  const installed = useInstalled();

  it("is as publint wants it", async () => {
    const { code, out, err } = await installed().tool("publint", "--strict", installed().tarball);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/All good!\s*$/);
  });

  // esm-only: Node 20.19 and newer `require` ES modules (node.test.ts does); only TypeScript's resolution of before 2022
  // ("node10", removed in TypeScript 7) knows no `exports`.
  it("has the types that attw expects of an ESM package", async () => {
    const { code, out, err } = await installed().tool(
      "@arethetypeswrong/cli",
      installed().tarball,
      "--profile",
      "esm-only",
      "--no-color",
      "--no-emoji",
    );
    expect([code, err], out).toEqual([0, ""]);
    const table = out.split("\n").filter((line) => line.includes('"fcn-webgpu'));
    expect(table).toHaveLength(Object.keys(installed().manifest.exports).length);
  });
});

describe("the repository", () => {
  it("has no file, export or dependency that nothing uses, says knip", async () => {
    const { code, out, err } = await runTool("knip", ["--no-progress", "--no-config-hints"], ROOT);
    expect([code, out, err]).toEqual([0, "", ""]);
  });

  it("gives a page that segments less than 60 kB of JavaScript, gzipped, says size-limit", async () => {
    const { code, out, err } = await runTool("size-limit", ["--json"], ROOT);
    expect([code, err], out).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject([{ passed: true, sizeLimit: 60_000 }, { passed: true }, { passed: true }]);
  });
});
