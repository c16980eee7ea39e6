/** The page's figure of skips, without a browser: when it is asked for, and what it says of one network. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Figure } from "../demo/src/figure/figure-door.js";
import { drawFigure } from "../demo/src/figure/figure.js";

/** As much of an element as the figure needs. */
class FakeElement {
  textContent = "";
  append(...texts: readonly string[]): void {
    this.textContent += texts.join("");
  }
  replaceChildren(...children: readonly FakeElement[]): void {
    this.textContent = children.map(({ textContent }) => textContent).join("");
  }
  setAttribute(): void {}
}

type Entries = readonly { readonly isIntersecting: boolean }[];
let seen: (entries: Entries) => void = () => undefined;

beforeEach(() => {
  vi.stubGlobal("HTMLElement", FakeElement);
  vi.stubGlobal("document", { getElementById: () => new FakeElement(), createElement: () => new FakeElement() });
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(callback: typeof seen) {
        seen = callback;
      }
      observe(): void {}
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

describe("the figure of skips", () => {
  it("is asked for where it is in view now, not where it was in view before", () => {
    const ask = vi.fn();
    const figure = new Figure(ask);
    seen([{ isIntersecting: true }, { isIntersecting: false }]); // scrolled past at once
    figure.changed(false);
    expect(ask).not.toHaveBeenCalled();
    seen([{ isIntersecting: false }, { isIntersecting: true }]);
    expect(ask).toHaveBeenCalledOnce();
  });

  it("says of one network alone that there is no skip, whatever its stride", () => {
    const root = new FakeElement();
    drawFigure(root as unknown as HTMLElement, { strides: [], label: 0, ratio: 1 }, []);
    expect(root.textContent).toBe("One network alone: there is no skip to compare.");
  });
});
