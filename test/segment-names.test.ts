/** Names of the results of `fcn segment`: no two alike, and none that would replace a picture. */
import { sep } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outputNames, refuseToReplace } from "../src/cli/segment-names.js";

describe("names of results", () => {
  const slashes = (names: readonly string[]): string[] => names.map((name) => name.split(sep).join("/"));

  it.each([
    [
      ["p/cat.jpg", "p/dog.png"],
      ["cat", "dog"],
    ],
    [
      ["p/cat.jpg", "q/deep/dog.png"],
      ["cat", "dog"],
    ],
    [
      ["p/a/cat.jpg", "p/b/cat.jpg", "p/dog.png"],
      ["a/cat", "b/cat", "dog"],
    ],
    [
      ["p/cat.jpg", "p/Cat.png", "p/dog.png"],
      ["cat.jpg", "Cat.png", "dog"],
    ],
    [
      ["p/cat.jpg", "p/cat.png", "q/cat.png"],
      ["p/cat.jpg", "p/cat.png", "q/cat"],
    ],
    [
      ["p/cat.jpg", "p/cat.png", "p/cat.jpg.png"],
      ["cat.jpg", "cat.png", "cat.jpg.png"],
    ],
  ])("%j are %j", (pictures, names) => {
    expect(slashes(outputNames(pictures))).toEqual(names);
  });

  it("are never the same for two pictures", () => {
    const name = fc.stringMatching(/^[abA]{1,2}(\.[ab])?$/);
    const path = fc
      .tuple(fc.constantFrom("p", "p/q", "r"), name, fc.constantFrom(".png", ".jpg"))
      .map((parts) => `${parts[0]}/${parts[1]}${parts[2]}`);
    fc.assert(
      fc.property(
        fc.uniqueArray(path, { selector: (p) => p.toLowerCase(), minLength: 1, maxLength: 8 }),
        (pictures) => {
          expect(new Set(outputNames(pictures).map((n) => n.toLowerCase())).size).toBe(pictures.length);
        },
      ),
    );
  });

  it("may not be a picture's", () => {
    expect(() => refuseToReplace("segment", ["p/a.png"], ["p/../p/A.png"])).toThrow("would be replaced");
    refuseToReplace("segment", ["p/a.png"], ["out/a.png"]);
  });
});
