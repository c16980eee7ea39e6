/** What Node loads of the package: bundles, which entries share. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useInstalled } from "../helpers/installed.js";

const installed = useInstalled();
const entries = (): string[] =>
  Object.keys(installed().manifest.exports)
    .filter((entry) => !/\*|\.json$/.test(entry))
    .map((entry) => entry.replace(".", "fcn-webgpu"));

/** The module of an entry, which bundlers get. */
function moduleOf(entry: string): string {
  const conditions = installed().manifest.exports[entry.replace("fcn-webgpu", ".")] as Readonly<Record<string, string>>;
  return join(installed().package, conditions.default ?? "");
}

/** What `fcn-webgpu/node` has in a form of its own. */
const OWN_FORMS = ["Comparison", "ComparisonSet", "createFcn", "loadFcn", "openSource", "readPicture", "requestDevice"];

/** Prints the address of every file that a module loads. */
const WATCH = `import { register } from "node:module";
const hooks = \`export async function load(url, context, next) {
  process._rawDebug(url);
  return next(url, context);
}\`;
register("data:text/javascript," + encodeURIComponent(hooks));
`;

/** Addresses of the files that a script loads. */
async function filesLoadedBy(script: string): Promise<string[]> {
  installed().write("watch.mjs", WATCH);
  installed().write("watched.mjs", `await import("./watch.mjs");\n${script}`);
  const { err } = await installed().node("watched.mjs");
  return err.split("\n").filter((line) => line.startsWith("file:"));
}

/** Those of this package, by their paths in it. */
const own = (files: readonly string[]): string[] =>
  files.flatMap((file) => /fcn-webgpu\/(dist\/\S+)/.exec(file)?.[1] ?? []);

describe("Node", () => {
  it("loads bundles for every entry, and no other module of the package", async () => {
    for (const entry of entries()) {
      const files = own(await filesLoadedBy(`await import(${JSON.stringify(entry)});`));
      expect(files.length, entry).toBeGreaterThan(0);
      expect(files.filter((file) => !file.startsWith("dist/bundles/node/"))).toEqual([]);
      expect(files.length, entry).toBeLessThanOrEqual(16);
    }
  });

  it("loads the program from nothing else, because it runs when it is loaded", () => {
    const folder = join(installed().package, "dist/bundles/node");
    const importers = readdirSync(folder).filter((file) =>
      readFileSync(join(folder, file), "utf8").includes('/fcn.js"'),
    );
    expect(importers).toEqual([]);
  });

  it("exports from every entry what its module does, and nothing else", async () => {
    installed().write(
      "exported.mjs",
      `for (const [entry, file] of ${JSON.stringify(entries().map((entry) => [entry, moduleOf(entry)]))}) {
        const [bundle, module] = await Promise.all([import(entry), import(file)]);
        console.log(entry, Object.keys(bundle).join() === Object.keys(module).join() ? "same" : Object.keys(bundle));
      }`,
    );
    const { out } = await installed().node("exported.mjs");
    expect(out.trim().split("\n")).toEqual(entries().map((entry) => `${entry} same`));
  });

  it("gives one class and one function for a name, whatever entry it comes from", async () => {
    installed().write(
      "shared.mjs",
      `const known = new Map();
      for (const entry of ${JSON.stringify(entries())}) {
        for (const [name, value] of Object.entries(await import(entry))) {
          const isKnown = known.has(name);
          if (isKnown) console.log(known.get(name) === value ? "same" : "other", name);
          else known.set(name, value);
        }
      }`,
    );
    const { out, err } = await installed().node("shared.mjs");
    expect(err).toBe("");
    const lines = out.trim().split("\n");
    expect(lines).toEqual(expect.arrayContaining(["same FcnError", "same Device", "same Graph"]));
    const others = lines.filter((line) => line.startsWith("other "));
    expect(others.map((line) => line.replace("other ", ""))).toEqual(OWN_FORMS);
  });
});
