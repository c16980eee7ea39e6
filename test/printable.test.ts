/** Text from files on its way to a terminal or a page. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { counted } from "../src/base/counted.js";
import { FcnError } from "../src/base/errors.js";
import { cutInMiddle, printable, shown } from "../src/base/printable.js";
import { inspectCheckpoint, describeInspection } from "../src/cli/inspect-report.js";
import { escapeText } from "../src/eval/markup.js";
import type { Checkpoint } from "../src/weights/checkpoint.js";
import { Parameters } from "../src/weights/parameters.js";

describe("printable", () => {
  it.each([
    ["plain caf\u00e9 \ud83d\ude00\n\tnext", "plain caf\u00e9 \ud83d\ude00\n\tnext"],
    ["\x1b[2Jgone\x07", "\\u001b[2Jgone\\u0007"],
    ["\u009b31mred\x7f", "\\u009b31mred\\u007f"],
    ["gnp.\u202etxt", "gnp.\\u202etxt"],
    ["\u2066a\u2069\u200f\u2028", "\\u2066a\\u2069\\u200f\\u2028"],
    ["caf\udce9", "caf\\udce9"],
    ["over\rwritten", "over\\u000dwritten"],
  ])("%j", (text, expected) => expect(printable(text)).toBe(expected));

  it("keeps JSON the same JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        expect(JSON.parse(printable(JSON.stringify({ [text]: text })))).toEqual({ [text]: text });
      }),
      { seed: 5, numRuns: 2000 },
    );
  });
});

it("names are one line of a bounded length", () => {
  expect(shown("a\nb\tc")).toBe("a\\u000ab\\u0009c");
  expect(shown("x".repeat(100))).toBe("x".repeat(100));
  expect(shown("x".repeat(1e6))).toBe(`${"x".repeat(100)}...`);
  expect(cutInMiddle("short", 10)).toBe("short");
  expect(cutInMiddle(`begin${"x".repeat(1e6)}end`, 20)).toBe("beginxxxxx ... xxxxxxxend");
});

it("errors hold no sign that steers a terminal, whatever the names that they quote", () => {
  const hostile = "\x1b[2J\u009b31m\x7f\u202e";
  expect(new FcnError("bad-weights", `tensor ${hostile}`).message).toBe("tensor \\u001b[2J\\u009b31m\\u007f\\u202e");
  const tensors = new Map([[`a\nb${hostile}`, { name: "a", shape: [1], dtype: "f32" }]]);
  const params = Parameters.of({ name: "x", tensors } as unknown as Checkpoint);
  expect(() => params.finish("fcn8s")).toThrow(/^x does not fit fcn8s: 1 unexpected \(a\\u000ab\\u001b[^\n]*\)$/);
});

it("markup holds no character that XML forbids", () => {
  expect(escapeText("a\0<\x1b>\u0085")).toBe("a\\u0000&#60;\\u001b&#62;\\u0085");
});

it("inspect shows names and metadata of a checkpoint without control characters, and cut", async () => {
  const evil = "\x1b]0;title\x07\nfake line\u202e";
  const names = [`${evil}.weight`, `${"deep.".repeat(1000)}bias`];
  const tensors = new Map(names.map((name) => [name, { name, shape: [1], dtype: "f32" as const }]));
  const metadata = new Map(Array.from({ length: 50 }, (_, i) => [`key ${i} ${evil}`, evil.repeat(100)] as const));
  const checkpoint = { name: "evil.pth", container: "pth-zip", bytes: 1, tensors, metadata } as unknown as Checkpoint;
  const lines = describeInspection(await inspectCheckpoint(checkpoint));
  const text = lines.map(printable).join("\n");
  expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  expect(text).not.toMatch(/^fake line/m);
  expect(text).toContain("  ... and 10 more; --json lists them all");
  for (const line of lines.slice(3)) expect(line.length).toBeLessThan(2000);
});

it("counts with the noun's number", () => {
  expect([0, 1, 2].map((count) => counted(count, "picture"))).toEqual(["0 pictures", "1 picture", "2 pictures"]);
  expect([1, 2].map((count) => counted(count, "class"))).toEqual(["1 class", "2 classes"]);
});
