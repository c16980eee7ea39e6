/** Names of any bytes as strings and back, and names that leave room for an ending. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  decodeName,
  linkTarget,
  nameBytes,
  nameLength,
  nativePath,
  realName,
  realNameSync,
} from "../src/base/native-path.js";
import { openDescriptor } from "../src/base/open-descriptor.js";
import { distinctItems } from "../src/cli/compare-items.js";
import { parseWeights } from "../src/cli/compare-weights.js";
import { importFile } from "../src/cli/import.js";
import { belongsToPicture, fittedName, namesOfPictures } from "../src/cli/own-names.js";

describe("names of files", () => {
  it.each([
    ["cat.png", Buffer.from("cat.png")],
    ["Gr\u00fc\u00dfe \ud83d\ude00.png", Buffer.from("Gr\u00fc\u00dfe \ud83d\ude00.png")],
    ["caf\udce9.png", Buffer.from("caf\xe9.png", "latin1")],
    ["\udced\udca0\udc80", Buffer.from([0xed, 0xa0, 0x80])], // half of a pair is no UTF-8
    ["\udcf0\udc9f\udc98!", Buffer.from([0xf0, 0x9f, 0x98, 0x21])], // a character that is cut off
  ])("%j", (name, bytes) => {
    expect(decodeName(bytes)).toBe(name);
    expect(Buffer.from(nativePath(name) as string)).toEqual(bytes);
    expect(nameLength(name)).toBe(bytes.length);
  });

  it("of any bytes come back as the same bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        expect(Buffer.from(nativePath(decodeName(Buffer.from(bytes))) as string)).toEqual(Buffer.from(bytes));
      }),
      { seed: 11, numRuns: 2000 },
    );
  });

  it("that are UTF-8 stay strings", () => {
    expect(nativePath("a/\ud83c\udc80.png")).toBe("a/\ud83c\udc80.png"); // its second half lies in the range of escapes
  });
});

describe("links to names that are not UTF-8", () => {
  const root = mkdtempSync(join(tmpdir(), "fcn-odd-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const at = (name: string): string => join(root, name);
  mkdirSync(nativePath(at("odd\udce9")));
  writeFileSync(nativePath(at("odd\udce9/a\udce8.png")), "");
  symlinkSync(nativePath("odd\udce9"), at("link"));
  symlinkSync("/dev/stdout", nativePath(at("odd\udce9/stdout\udce9")));
  symlinkSync(nativePath("odd\udce9/stdout\udce9"), at("to-stdout"));
  const [plain, linked] = [at("odd\udce9/a\udce8.png"), at("link/a\udce8.png")];

  it("are followed with all bytes", async () => {
    expect(nameBytes("a\udce8")).toEqual(Buffer.from("a\xe8", "latin1"));
    expect(await linkTarget(at("link"))).toBe("odd\udce9");
    expect([await realName(linked), realNameSync(linked)]).toEqual([plain, plain]);
    expect(await openDescriptor(at("to-stdout"))).toMatchObject({ own: 1 });
  });

  it("lead to the same picture, the same weights and the same file to import", async () => {
    expect(distinctItems([plain, linked].map((picture) => ({ key: picture, picture })))).toHaveLength(1);
    expect(() => parseWeights(`${plain},${linked}`)).toThrow(/names .* twice, also as /);
    await expect(importFile(plain, linked)).rejects.toThrow("is the file to import");
  });
});

describe("names of results", () => {
  it("leave room for every ending, and differ where the pictures differ", () => {
    const long = "\u00fc".repeat(125);
    const [a, b] = [fittedName(`${long}a`), fittedName(`${long}b`)];
    expect(a).toMatch(/^\u00fc{112}~[0-9a-f]{12}$/);
    expect(a).not.toBe(b);
    expect(fittedName(`${"x".repeat(250)}\udce8`)).not.toBe(fittedName(`${"x".repeat(250)}\udce9`));
    expect(nameLength(`${a}.probabilities.npy`)).toBeLessThanOrEqual(255);
    expect(fittedName("x".repeat(237))).toBe("x".repeat(237));
    expect(nameLength(fittedName("x".repeat(238)))).toBe(237);
  });

  it("are those of pictures only by our own naming", () => {
    const beside = namesOfPictures(["cat.jpg", "cat.label.png", "notes.txt", `${"x".repeat(250)}.png`]);
    const owned = [
      "cat.label.png",
      "cat.labels.png",
      "cat.overlay.png",
      "cat.mask.png",
      "cat.confidence.png",
      "cat.jpg.overlay.png",
      "cat.fcn8s.labels.png",
      `${fittedName("x".repeat(250))}.labels.png`,
    ];
    for (const name of owned) expect(belongsToPicture(name, beside), name).toBe(true);
    const pictures = ["cat.2.png", "cat.edited.png", "cat.label.jpg", "dog.label.png", "notes.mask.png", "label.png"];
    for (const name of pictures) expect(belongsToPicture(name, beside), name).toBe(false);
  });
});
