/** Names of any bytes as strings and back, and names that leave room for an ending. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeName, nameLength, nativePath } from "../src/base/native-path.js";
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

describe("names of results", () => {
  it("leave room for every ending, and differ where the pictures differ", () => {
    const long = "\u00fc".repeat(125);
    const [a, b] = [fittedName(`${long}a`), fittedName(`${long}b`)];
    expect(a).toMatch(/^\u00fc{112}~[0-9a-f]{12}$/);
    expect(a).not.toBe(b);
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
