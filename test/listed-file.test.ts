/** `--list` with the columns of `fcn list --size --hash`: a file must be the one that the list names. */
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compare } from "../src/cli/compare.js";
import { listLine } from "../src/cli/picture-list.js";
import { readTask } from "../src/cli/threads/picture-tasks.js";
import { runCommand } from "./helpers/commands.js";
import { root } from "./helpers/sources.js";

const folder = mkdtempSync(join(tmpdir(), "fcn-listed-"));
const at = (...parts: string[]): string => join(folder, ...parts);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [PICTURE, OTHER] = ["15", "01"].map((name) => join(root, `test/fixtures/val/${name}.png`)) as [string, string];
const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

describe("a picture of a list", () => {
  const bytes = readFileSync(PICTURE).length;
  const sha256 = hashOf(PICTURE);
  const read = (listed: { readonly bytes?: number; readonly sha256?: string }): Promise<unknown> =>
    readTask({ kind: "read", image: PICTURE, resize: "none", listed: { path: PICTURE, ...listed } });

  it("is read where its size and SHA-256 are those of the list, and where the list says nothing", async () => {
    const plain = await readTask({ kind: "read", image: PICTURE, resize: "none" });
    for (const listed of [{}, { bytes }, { sha256 }, { bytes, sha256 }]) expect(await read(listed)).toEqual(plain);
  });

  it("is refused where they are others", async () => {
    const cure = "copy it again, or make the list anew";
    await expect(read({ bytes: bytes + 1, sha256 })).rejects.toMatchObject({
      code: "bad-image",
      message: `${PICTURE}: it has ${bytes} bytes, in the list ${bytes + 1}; ${cure}`,
    });
    const other = "0".repeat(64);
    await expect(read({ bytes, sha256: other })).rejects.toThrow(
      `${PICTURE}: its SHA-256 is ${sha256}, in the list ${other}; ${cure}`,
    );
  });
});

it("fcn compare --list refuses a file that has changed since the list was made, and does the others", async () => {
  const [same, changed] = [at("a.png"), at("b.png")];
  for (const path of [same, changed]) copyFileSync(PICTURE, path);
  const lines = [same, changed].map((path) => listLine({ path, bytes: statSync(path).size, sha256: hashOf(path) }));
  writeFileSync(at("list"), Buffer.concat(lines));
  copyFileSync(OTHER, changed);
  const options = ["--variants", "fcn32s", "--sizes", "none", "--json", "--out", at("out")];
  const { code, out, err } = await runCommand(compare, "--list", at("list"), ...options);
  expect(code, err).toBe(1);
  expect(err).toMatch(/b\.png: (it has \d+ bytes|its SHA-256 is [0-9a-f]{64}), in the list /);
  const report = JSON.parse(out) as Record<string, unknown>;
  expect(report.failures).toMatchObject([{ picture: expect.stringMatching(/b\.png$/) as string }]);
  expect(report.perPicture).toMatchObject([{ picture: expect.stringMatching(/a\.png$/) as string }]);
});
