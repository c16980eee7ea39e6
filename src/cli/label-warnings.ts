/** Says at the end of a comparison which pixels of label maps did not count, and why nothing was compared with them. */
import type { Summary } from "../eval/summary.js";
import { describeOutside } from "../image/label-meaning.js";
import type { LabelMeaning } from "../image/label-meaning.js";
import { printNote } from "./output.js";

/** One line; undefined when every pixel counted or was declared void. */
export function labelWarning({ header, outside }: Summary, { voids }: LabelMeaning): string | undefined {
  const undeclared = outside.filter(({ value }) => !voids.has(value));
  const [first] = undeclared;
  if (!first) return undefined;
  const total = first.pixels / first.share;
  const pixels = undeclared.reduce((sum, own) => sum + own.pixels, 0);
  const share = `${((pixels / total) * 100).toFixed(1)} % of the label maps' pixels`;
  const counts = undeclared.map((own) => [own.value, own.pixels] as const);
  const values = describeOutside(counts, total);
  const cure = `--void ${first.value} says that this is right, --map ${first.value}=CLASS which class it is`;
  const classes = `0 to ${header.classNames.length - 1}`;
  return `${share} have a value that no class has (${classes}): ${values}; they do not count. ${cure}`;
}

export function warnOfLabels(summary: Summary, meaning: LabelMeaning): void {
  const warning = labelWarning(summary, meaning);
  if (warning !== undefined) printNote(`fcn compare: ${warning}`);
}
