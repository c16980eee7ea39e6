/** `fcn segment` after its device was lost: how many pictures failed, and how many were not tried. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { FcnError } from "../src/base/errors.js";
import { segment } from "../src/cli/segment.js";
import { encodePng } from "../src/image/png.js";
import type * as Library from "../src/node.js";
import { runCommand } from "./helpers/commands.js";

/** The device is lost at pictures with these values of red. */
const lostAt = new Set<number>();
vi.mock("../src/node.js", async (original) => {
  const library = await original<typeof Library>();
  const loadFcn = async (options: Library.NodeLoadOptions): Promise<Library.Fcn<Library.NodePicture>> => {
    const fcn = await library.loadFcn(options);
    const segmentAll = fcn.segmentAll.bind(fcn);
    return Object.assign(fcn, {
      async *segmentAll(pictures: readonly { readonly data: Uint8Array }[]) {
        const [picture] = pictures;
        if (picture && lostAt.has(picture.data[0] ?? 0)) throw new FcnError("device-lost", "the test takes it away");
        yield* segmentAll(pictures as never);
      },
    });
  };
  return { ...library, loadFcn };
});

const root = mkdtempSync(join(tmpdir(), "fcn-lost-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const REDS = [10, undefined, 20, 30, 40, 50];
beforeAll(() => {
  for (const [i, red] of REDS.entries()) {
    const data = new Uint8Array(4 * 8 * 8).fill(255).map((value, at) => (at % 4 === 0 ? (red ?? 0) : value));
    writeFileSync(join(root, `${i}.png`), red === undefined ? "no picture" : encodePng({ width: 8, height: 8, data }));
  }
});

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";
/** Code and last line of a run. */
async function run(...args: string[]): Promise<[number, string]> {
  const pictures = REDS.map((_, i) => join(root, `${i}.png`));
  const { code, err } = await runCommand(segment, ...pictures, "--threads", "0", "--out", ...args, "--quiet");
  return [code, lastLine(err)];
}

it("counts those that failed before, and those after it as not tried", async () => {
  lostAt.add(30);
  expect(await run(join(root, "plain"))).toEqual([75, "fcn: segment: 2 of 6 pictures failed, 2 were not tried"]);
});

it("counts what is done already as neither, with a record", async () => {
  lostAt.add(30);
  const out = [join(root, "kept"), "--resume"];
  expect(await run(...out)).toEqual([75, "fcn: segment: 2 of 6 pictures failed, 2 were not tried"]);
  lostAt.add(50);
  expect(await run(...out)).toEqual([75, "fcn: segment: 1 of 6 pictures failed, 2 were not tried"]);
  lostAt.delete(50);
  expect(await run(...out)).toEqual([75, "fcn: segment: 2 of 6 pictures failed, 1 was not tried"]);
  lostAt.clear();
  expect(await run(...out)).toEqual([1, "fcn: segment: 1 of 6 pictures failed"]);
});
