/** Exit codes of commands that the system refused something before any work. Runs the build. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { runFcn } from "./helpers/fcn.js";

const root = mkdtempSync(join(tmpdir(), "fcn-passing-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string): string => join(root, name);

/** Loaded before the program: paths whose last part is an error's code fail with it. */
const PRELOAD = `import fs from "node:fs";
  import promises from "node:fs/promises";
  import { syncBuiltinESMExports } from "node:module";
  import { basename } from "node:path";
  const failing = (path) => {
    const code = basename(String(path));
    if (!/^E[A-Z]+$/.test(code)) return undefined;
    return Object.assign(new Error(code + ": of the test"), { code, syscall: "x" });
  };
  for (const name of ["mkdir", "stat"]) {
    const own = promises[name];
    promises[name] = async (path, ...more) => {
      const error = failing(path);
      if (error) throw error;
      return own(path, ...more);
    };
  }
  const own = fs.open;
  fs.open = (path, ...more) => {
    const error = failing(path);
    return error ? more.at(-1)(error) : own(path, ...more);
  };
  syncBuiltinESMExports();`;
writeFileSync(at("preload.mjs"), PRELOAD);
writeFileSync(at("a.png"), "");
const env = { NODE_OPTIONS: `--import ${pathToFileURL(at("preload.mjs")).href}` };

it.each([
  [
    "a full disk below --out",
    [at("a.png"), "--out", at("ENOSPC")],
    75,
    /cannot write to the folder .*: the disk is full/,
  ],
  ["a read-only disk below --out", [at("a.png"), "--out", at("EROFS")], 2, /the file system is read-only/],
  ["a list on a server that is away", ["--list", at("ESTALE")], 75, /the list .* cannot be read: ESTALE: of the test/],
  ["a picture on a server that is away", [at("ESTALE")], 75, /ESTALE cannot be looked at: ESTALE: of the test/],
  [
    "weights on a server that is away",
    [at("a.png"), "--out", at("out"), "--weights", at("ESTALE")],
    75,
    /be looked at/,
  ],
])("%s", async (_, args, code, sentence) => {
  const { code: ended, err } = await runFcn(["segment", ...args], { env });
  expect([ended, err]).toEqual([code, expect.stringMatching(sentence)]);
  expect(err.trimEnd().split("\n")).toHaveLength(1);
});
