/**
 * The README's section on the kept results: a table and plots of the newest result of each adapter.
 * `npm run bench-table` makes it from the files in bench/results.
 */
import { svgFile } from "../src/eval/svg.js";
import { barChart } from "./bar-chart.js";
import { caseName } from "./kernel-row.js";
import type { KernelRow } from "./kernel-row.js";
import { resultName } from "./result.js";
import type { BenchResult } from "./result.js";
import { roofline } from "./roofline.js";
import { markdownTable } from "./tables.js";

const BEGIN = "<!-- made by npm run bench-table: begin -->\n\n<!-- prettier-ignore-start -->";
const END = "<!-- prettier-ignore-end -->\n\n<!-- end -->";
/** Folder of the plots, from the README. */
const FOLDER = "docs/bench";
/** Cases that the bars show. All of them would be taller than three screens. */
const MOST_CASES = 32;

export interface Published {
  /** Markdown: tables, then the plots. */
  readonly section: string;
  /** SVG by path from the top of the repository. */
  readonly plots: ReadonlyMap<string, string>;
}

/** The newest result of each adapter. */
function newest<R extends BenchResult>(results: readonly R[]): R[] {
  const byDate = [...results].sort((a, b) => a.date.localeCompare(b.date));
  return [...new Map(byDate.map((result) => [result.adapter.name, result])).values()];
}

type KernelResult = BenchResult & Required<Pick<BenchResult, "kernels" | "ceilings">>;

const hasKernels = (result: BenchResult): result is KernelResult =>
  result.kernels !== undefined && result.ceilings !== undefined;
const hasModels = ({ models = [] }: BenchResult): boolean => models.length > 0;

/** The rows of the cases with the most operations. */
function largestCases(rows: readonly KernelRow[]): KernelRow[] {
  const flops = new Map(rows.map((row) => [caseName(row), row.flops]));
  const names = [...flops].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const shown = new Set(names.slice(0, MOST_CASES));
  return rows.filter((row) => shown.has(caseName(row)));
}

export function publish(results: readonly BenchResult[]): Published {
  const plots = new Map<string, string>();
  const images: string[] = [];
  for (const result of newest(results.filter(hasKernels))) {
    const { kernels, ceilings, adapter } = result;
    const bars = barChart(largestCases(kernels), `The largest kernel calls on ${adapter.name}`);
    for (const plot of [bars, roofline(kernels, ceilings, `Roofline of ${adapter.name}`)]) {
      const path = `${FOLDER}/${resultName(result)}-${plot.name}.svg`;
      plots.set(path, svgFile(plot));
      images.push(`![${plot.title}](${path})`);
    }
  }
  const tables = newest(results.filter(hasModels)).map(markdownTable);
  return { section: [...tables, ...images].join("\n\n"), plots };
}

/** The page with its section replaced. @throws RangeError when the page has no place for it */
export function withSection(page: string, section: string): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new RangeError(`the page needs a line "${BEGIN}" and after it a line "${END}"`);
  return `${page.slice(0, start + BEGIN.length)}\n${section}\n${page.slice(end)}`;
}
