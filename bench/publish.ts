/**
 * What of the kept results people see: a table and plots for the README, of the newest result of each adapter. Made from the
 * files in bench/results by `npm run bench-table`, and never by hand.
 */
import { svgFile } from "../src/eval/svg.js";
import { barChart, roofline } from "./charts.js";
import { resultName } from "./result.js";
import type { BenchResult } from "./result.js";
import { markdownTable } from "./tables.js";

const BEGIN = "<!-- made by npm run bench-table: begin -->\n\n<!-- prettier-ignore-start -->";
const END = "<!-- prettier-ignore-end -->\n\n<!-- end -->";
/** Where the plots lie, from the README. */
const FOLDER = "docs/bench";

export interface Published {
  /** Markdown: tables, then the plots. */
  readonly section: string;
  /** SVG by path from the top of the repository. */
  readonly plots: ReadonlyMap<string, string>;
}

/** The newest result of each adapter that has what `has` asks for, by name. */
function newest(results: readonly BenchResult[], has: (result: BenchResult) => boolean): BenchResult[] {
  const byAdapter = new Map<string, BenchResult>();
  for (const result of [...results].sort((a, b) => a.date.localeCompare(b.date)))
    if (has(result)) byAdapter.set(result.adapter.name, result);
  return [...byAdapter.values()];
}

export function publish(results: readonly BenchResult[]): Published {
  const plots = new Map<string, string>();
  const images = newest(results, ({ kernels, ceilings }) => kernels !== undefined && ceilings !== undefined).flatMap(
    (result) => {
      const { kernels = [], ceilings = { gflops: NaN, gbs: NaN }, adapter } = result;
      return [
        barChart(kernels, `Kernels on ${adapter.name}`),
        roofline(kernels, ceilings, `Roofline of ${adapter.name}`),
      ].map((plot) => {
        const path = `${FOLDER}/${resultName(result)}-${plot.name}.svg`;
        plots.set(path, svgFile(plot));
        return `![${plot.title}](${path})`;
      });
    },
  );
  const tables = newest(results, ({ models }) => Boolean(models?.length)).map(markdownTable);
  return { section: [...tables, ...images].join("\n\n"), plots };
}

/** The page with its section replaced. @throws RangeError where the page has no place for one */
export function withSection(page: string, section: string): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new RangeError(`the page needs a line "${BEGIN}" and after it a line "${END}"`);
  return `${page.slice(0, start + BEGIN.length)}\n${section}\n${page.slice(end)}`;
}
