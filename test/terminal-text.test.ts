/** Text fits a terminal: sentences break at 80 columns, a bar shows the end of a path. */
import { expect, it } from "vitest";
import { wrapped } from "../src/base/wrapped.js";
import { itemBar } from "../src/cli/progress.js";
import { fcn } from "./helpers/fcn.js";

it("a sentence breaks at spaces", () => {
  expect(wrapped("a bb ccc dddddddddd e", "  ", 8)).toBe("a bb ccc\n  dddddddddd\n  e");
  expect(wrapped("short")).toBe("short");
});

it("a bar cuts the front of a path", () => {
  const written: string[] = [];
  const stream = { isTTY: true, columns: 80, write: (text: string) => written.push(text) > 0 };
  const bar = itemBar(3, stream as unknown as NodeJS.WriteStream);
  bar.step(`${"folder/".repeat(20)}cat.png`);
  const line = written.join("").replace("\r\u001b[2K", "");
  expect(line).toHaveLength(79);
  expect(line).toMatch(/\.\.\..*\/folder\/cat\.png$/);
});

it.each([["doctor"], ["bench", "--help"], ["segment", "--help"]])("fcn %s %s has no long line", async (...words) => {
  const { code, out } = await fcn(...words);
  expect([code, out.split("\n").filter((line) => line.length > 120)]).toEqual([0, []]);
});
