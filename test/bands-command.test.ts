/** `fcn segment --tile`: bands from the command line. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fcn as runFcn, jsonLines } from "./helpers/fcn.js";

describe("fcn segment --tile", () => {
  const folder = mkdtempSync(join(tmpdir(), "fcn-bands-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("writes the labels that it writes without", async () => {
    const picture = "test/fixtures/val/14.png";
    const linesOf = async (name: string, ...options: string[]) => {
      const { out } = await runFcn(
        "segment",
        picture,
        "--resize",
        "none",
        "--json",
        "-o",
        join(folder, name),
        ...options,
      );
      return jsonLines<{ bands?: number }>(out);
    };
    const [[cut], [whole]] = [await linesOf("cut", "--tile", "96"), await linesOf("whole")];
    expect(cut?.bands).toBeGreaterThan(4);
    expect(whole).not.toHaveProperty("bands");
    const [a, b] = ["cut", "whole"].map((name) => readFileSync(join(folder, name, "14.labels.png")));
    expect(a?.equals(b as Buffer)).toBe(true);
  });

  it.each(["0", "1.5", "many"])("refuses %s", async (tile) => {
    const { code, err } = await runFcn("segment", "test/fixtures/val/14.png", "--tile", tile);
    expect([code, err.split("\n")[0]]).toEqual([
      2,
      expect.stringContaining(`--tile ${tile} is no whole number of rows`),
    ]);
  });
});
