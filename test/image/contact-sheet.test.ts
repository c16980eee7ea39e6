/** Contact sheets: what they hold, which rows they take, which they refuse. */
import { describe, expect, it } from "vitest";
import { contactSheet } from "../../src/image/contact-sheet.js";
import { legendOf } from "../../src/image/legend.js";
import { referencePictures } from "../helpers/reference-maps.js";
import { refused } from "../helpers/scenes.js";

describe("contactSheet", () => {
  const rows = referencePictures("samples").map(({ name, picture, truth, torch }) => ({
    title: name,
    picture,
    truth,
    columns: ["fcn32s", "fcn16s", "fcn8s"].map((v) => ({ title: v, caption: "12 ms", labels: torch(v) })),
  }));

  it("holds a column for the picture and one for each network, on a light ground, with margins left free", () => {
    const sheet = contactSheet(rows, { title: "A title", subtitle: "and what it means" });
    expect(sheet.width).toBe(4 * 300 + 3 * 16 + 2 * 36);
    const light = sheet.data.filter((v, i) => i % 4 === 1 && v > 200).length / (sheet.width * sheet.height);
    expect(light).toBeGreaterThan(0.5);
    for (let y = 0; y < sheet.height; y++) {
      for (const x of [0, 35, sheet.width - 1, sheet.width - 36])
        expect(sheet.data[(y * sheet.width + x) * 4]).toBe(255);
    }
  });

  it("takes rows of different sizes, without truth, without columns, of one pixel, and long names", () => {
    const one = { title: "x".repeat(500), picture: { width: 1, height: 1, data: new Uint8Array(3) }, columns: [] };
    expect(contactSheet([one]).width).toBe(300 + 72);
    const subtitle = "alone";
    expect(contactSheet([one], { title: "", subtitle }).height).toBe(contactSheet([one], { subtitle }).height);
    expect(contactSheet([one, ...rows.slice(0, 1)], { columnWidth: 100 }).width).toBe(4 * 100 + 3 * 16 + 72);
    const tall = { ...one, picture: { width: 2, height: 900, data: new Uint8Array(5400) } };
    expect(contactSheet([tall]).height).toBeLessThan(700);
  });

  it("names in its legend what a map shows, where that is not a class", () => {
    const names = new Map([[255, "they differ"]]);
    const legend = legendOf([0, 0, 15, 255, 255, 255], undefined, undefined, names);
    expect(legend.map(({ name }) => name)).toEqual(["they differ", "person", "background"]);
    const [row] = rows;
    if (!row) throw new Error("there is a row");
    const column = { title: "differences", labels: new Uint8Array(row.truth.length).fill(255) };
    const sheetOf = (own: object) => contactSheet([{ ...row, columns: [{ ...column, ...own }] }]);
    const [named, plain] = [sheetOf({ names }), sheetOf({})];
    expect(Buffer.from(named.data).equals(Buffer.from(plain.data))).toBe(false);
  });

  it("refuses no rows, and labels of another size", () => {
    expect(() => contactSheet([])).toThrow(refused("bad-option", "contactSheet: it needs at least one row, got 0"));
    const row = {
      title: "a",
      picture: { width: 2, height: 2, data: new Uint8Array(16) },
      columns: [{ title: "b", labels: new Uint8Array(5) }],
    };
    const sentence = "contactSheet: row 0, column 0: 2 x 2 needs 4 labels, got 5";
    expect(() => contactSheet([row])).toThrow(refused("bad-image", sentence));
  });
});
