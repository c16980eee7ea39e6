/** Patterns among the pictures of a command line: what a shell would match, with names that exist taken as they are. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { listPictures } from "../src/cli/datasets.js";

const root = mkdtempSync(join(tmpdir(), "fcn-patterns-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder of empty pictures, with the folders in their names. */
function folderOf(name: string, files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(join(root, name, file, ".."), { recursive: true });
    writeFileSync(join(root, name, file), "");
  }
}

/** Keys of the pictures, below `folder`. */
async function found(folder: string, ...inputs: string[]): Promise<string[]> {
  const items = await listPictures(
    "segment",
    inputs.map((input) => join(root, folder, input)),
  );
  return items.map(({ key }) => key.slice(join(root, folder).length + 1));
}

describe("patterns match as in a shell", () => {
  folderOf("set", ["a.png", "b.png", "b1.png", "b2.jpg", "bx.png", "notes.txt", ".hidden.png"]);
  folderOf("set", ["sub/c.png", "sub/deep/d.png", "sub/.secret/e.png"]);

  it.each([
    ["*.png", ["a.png", "b.png", "b1.png", "bx.png"]],
    ["*", ["a.png", "b.png", "b1.png", "b2.jpg", "bx.png"]],
    ["?.png", ["a.png", "b.png"]],
    ["b?.*", ["b1.png", "b2.jpg", "bx.png"]],
    ["b[0-9].*", ["b1.png", "b2.jpg"]],
    ["[!a].png", ["b.png"]],
    ["[^a].png", ["b.png"]],
    ["b[!0-9].png", ["bx.png"]],
    ["{a,b1}.png", ["a.png", "b1.png"]],
    ["b[12].{png,jpg}", ["b1.png", "b2.jpg"]],
    ["*/*.png", ["sub/c.png"]],
    ["**/*.png", ["a.png", "b.png", "b1.png", "bx.png", "sub/c.png", "sub/deep/d.png"]],
    ["sub/**", ["sub/c.png", "sub/deep/d.png"]],
    ["sub/../?.png", ["a.png", "b.png"]],
  ])("%s", async (pattern, names) => {
    expect(await found("set", pattern)).toEqual(names);
  });

  it.each([
    [".*", [".hidden.png"]],
    [".h*.png", [".hidden.png"]],
    ["sub/.*/*.png", ["sub/.secret/e.png"]],
    ["{.hidden,a}.png", [".hidden.png", "a.png"]],
    ["{,b}*.png", ["a.png", "b.png", "b1.png", "bx.png"]],
  ])("%s: a hidden name needs its dot in the pattern", async (pattern, names) => {
    expect(await found("set", pattern)).toEqual(names);
  });

  it.each(["[.]hidden.png", "[!x]hidden.png", "?hidden.png", "*hidden.png"])(
    "%s: nothing but a dot stands for the dot of a hidden name",
    async (pattern) => {
      await expect(found("set", pattern)).rejects.toThrow(`${pattern} matches no picture`);
    },
  );

  it("a folder has its hidden pictures, as it always had", async () => {
    expect(await found("set", "")).toEqual([".hidden.png", "a.png", "b.png", "b1.png", "b2.jpg", "bx.png"]);
  });

  it("results of several patterns are sorted, each picture once", async () => {
    expect(await found("set", "b?.png", "*.png", "a.png")).toEqual(["a.png", "b.png", "b1.png", "bx.png"]);
  });
});

describe("names that exist", () => {
  folderOf("odd", ["a[1].png", "a1.png", "b[1]/x.png", "b1/y.png", "{c}.png"]);
  folderOf("signs", ["a.b+(c)/d,e.png", "aXb+(c)/f.png", "!(g).png", "h@(i)|j.png", "k[l.png", "m]n.png"]);

  it.each([
    ["a[1].png", ["a[1].png"]],
    ["{c}.png", ["{c}.png"]],
    ["b[1]", ["b[1]/x.png"]],
    ["b[1]/*.png", ["b[1]/x.png"]],
    ["b[0-9]/*.png", ["b1/y.png"]],
  ])("%s: a file or folder of that name wins over the pattern", async (input, names) => {
    expect(await found("odd", input)).toEqual(names);
  });

  it.each([
    ["a.b+(c)/*.png", ["a.b+(c)/d,e.png"]],
    ["a.b+(c)*/?,e.png", ["a.b+(c)/d,e.png"]],
    ["!(g)*", ["!(g).png"]],
    ["h@(i)|*.png", ["h@(i)|j.png"]],
    ["k[l*", ["k[l.png"]],
    ["m]?.png", ["m]n.png"]],
  ])("%s: every other sign stands for itself", async (pattern, names) => {
    expect(await found("signs", pattern)).toEqual(names);
  });
});

describe("links", () => {
  folderOf("links", ["a.png", "sub/c.png"]);
  folderOf("elsewhere", ["o.png"]);
  symlinkSync(join(root, "elsewhere"), join(root, "links/linked"));
  symlinkSync(join(root, "links"), join(root, "links/sub/loop"));
  symlinkSync(join(root, "links/a.png"), join(root, "links/same.png"));
  symlinkSync(join(root, "links/nowhere.png"), join(root, "links/broken.png"));
  symlinkSync(join(root, "links/itself"), join(root, "links/itself"));

  it("to files are files, and so are broken ones, which reading them reports", async () => {
    expect(await found("links", "*.png")).toEqual(["a.png", "broken.png", "same.png"]);
    expect(await found("links", "linked/*.png")).toEqual(["linked/o.png"]);
  });

  it("to folders are followed where they are named, and never by * or **, which would run in circles", async () => {
    expect(await found("links", "**/*.png")).toEqual(["a.png", "broken.png", "same.png", "sub/c.png"]);
    expect(await found("links", "*/*.png")).toEqual(["sub/c.png"]);
    await expect(found("links", "itself/*.png")).rejects.toThrow("matches no picture");
  });
});

describe("patterns that cannot be used", () => {
  folderOf("few", ["a.png", "notes.txt"]);

  it.each([
    ["*.gif", "segment: the pattern .*/\\*.gif matches no picture"],
    ["*.txt", "matches no picture"],
    ["[0-9].png", "matches no picture"],
    ["no-such-folder/*.png", "matches no picture"],
    ["{a.png", "segment: the pattern .*/{a.png has an unmatched brace"],
    ["a}.{png", "unmatched brace"],
    ["a}*.png", "unmatched brace"],
  ])("%s", async (pattern, message) => {
    await expect(found("few", pattern)).rejects.toMatchObject({
      name: "UsageError",
      message: expect.stringMatching(message) as string,
    });
  });

  it("a brace in brackets is no brace of the pattern", async () => {
    await expect(found("few", "[{]*.png")).rejects.toThrow("matches no picture");
  });
});
