/** What is wrong with the layout of a report in a browser: headings that skip a level, plots that do not fit. */
import type { Page } from "playwright-core";

/** Letters of plots are as large as this at least, in pixels of the screen. */
const LEAST_LETTERS = 9;

/** A sentence for each problem. */
export async function layoutProblems(page: Page): Promise<string[]> {
  const { levels, plots } = await page.evaluate(() => ({
    levels: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((h) => Number(h.tagName.slice(1))),
    plots: [...document.querySelectorAll<SVGSVGElement>(".plots svg.plot:not(.mark)")].map((plot) => {
      const all = plot.getBoundingClientRect();
      const texts = [...plot.querySelectorAll("text")].filter((text) => {
        const own = text.getBoundingClientRect();
        return own.left < all.left - 1 || own.right > all.right + 1;
      });
      return {
        name: plot.getAttribute("aria-label"),
        isScrolled: (plot.parentElement?.scrollWidth ?? 0) > (plot.parentElement?.clientWidth ?? 0),
        letters: parseFloat(getComputedStyle(plot).fontSize) * (plot.getScreenCTM()?.a ?? 0),
        cut: texts.map((text) => text.textContent),
      };
    }),
  }));
  const skipped = levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1);
  return [
    ...skipped.map((level) => `a heading of level ${level} skips one: ${levels.join()}`),
    ...plots.flatMap(({ name, isScrolled, letters, cut }) => [
      ...(isScrolled ? [`${name} is wider than its box`] : []),
      ...(letters < LEAST_LETTERS ? [`${name} has letters of ${letters} pixels`] : []),
      ...cut.map((text) => `${name} cuts off "${text}"`),
    ]),
  ];
}
