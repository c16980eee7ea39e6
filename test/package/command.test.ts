/** The installed program: its two names, the demo, and the documents beside it. */
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../src/image/png.js";
import { linksOf } from "../helpers/docs.js";
import { useInstalled } from "../helpers/installed.js";

const installed = useInstalled();
/** Of the tarball. 10 MB are weights. */
const MOST_BYTES = 11_500_000;

describe("names", () => {
  it.each(["fcn", "fcn-webgpu"])("%s is in the messages of the program called so", async (name) => {
    const { code, err } = await installed().npxAs(name, "segment");
    const sentence = `${name}: segment: name at least one picture, as in ${name} segment photo.png\n`;
    expect([code, err]).toEqual([2, sentence]);
  });
});

it("demo segments the photograph and the drawing that ship", async () => {
  const { code, out, err } = await installed().npxAs("fcn", "demo", "--out", "shown");
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/\nchelsea\.png\n {2}FCN-32s .* cat\n/);
  expect(out).toMatch(/\nbird\.png\n {2}FCN-32s .* bird\n/);
  const shown = join(installed().folder, "shown");
  const maps = ["bird", "chelsea"].flatMap((name) =>
    ["fcn16s", "fcn32s", "fcn8s"].map((variant) => `${name}.${variant}.labels.png`),
  );
  expect(readdirSync(shown).sort()).toEqual([...maps, "contact-sheet.png"].sort());
  expect(decodePng(readFileSync(join(shown, "contact-sheet.png"))).width).toBeGreaterThan(500);
  const quiet = await installed().npxAs("fcn", "demo", "--out", "shown", "--quiet");
  expect([quiet.code, quiet.err]).toEqual([0, ""]);
  expect(quiet.out).toBe(`Label maps: ${shown}\nContact sheet: ${join(shown, "contact-sheet.png")}\n`);
});

describe("documents", () => {
  const pages = (): string[] =>
    [".", "docs", "weights", "samples/photographs"].flatMap((folder) =>
      readdirSync(join(installed().package, folder))
        .filter((name) => name.endsWith(".md"))
        .map((name) => join(folder, name)),
    );

  it("are there, and their links lead somewhere within the package", () => {
    expect(pages()).toEqual(expect.arrayContaining(["README.md", "docs/library.md", "docs/command-line.md"]));
    const broken = pages().flatMap((page) => {
      const links = linksOf(readFileSync(join(installed().package, page), "utf8"));
      return links
        .map((link) => link.split("#")[0] ?? "")
        .filter((to) => to !== "" && !existsSync(join(installed().package, dirname(page), to)))
        .map((to) => `${page} -> ${to}`);
    });
    expect(broken).toEqual([]);
  });

  it("leave the tarball small", () => {
    expect(statSync(join(installed().folder, installed().tarball)).size).toBeLessThan(MOST_BYTES);
  });
});

it("the schema of the outputs is an entry", async () => {
  installed().write(
    "schema.cjs",
    'console.log(Object.keys(require("fcn-webgpu/output.schema.json").definitions).includes("segmentLine"));',
  );
  expect(await installed().node("schema.cjs")).toMatchObject({ code: 0, out: "true\n" });
});
