/** The summary as plain JSON: `report.json` and `fcn compare --json`. Undefined metrics (0 of 0) become null. */
import { namedClasses } from "../image/named-classes.js";
import type { ConfusionMatrix } from "./confusion.js";
import type { Summary } from "./summary.js";

/** The counts by truth and prediction, as ConfusionMatrix.fromJSON() takes them together with the number of classes. */
const countsOf = ({ counts }: ConfusionMatrix): { counts: number[] } => ({ counts: Array.from(counts) });

export function reportJson(summary: Summary): Record<string, unknown> {
  const {
    header,
    variants,
    groups,
    pictures,
    labelled,
    outside,
    failures,
    agreement,
    sharedMs,
    together,
    commonSize,
    costs,
  } = summary;
  const { classNames, ...options } = header;
  return {
    ...options,
    classes: namedClasses(classNames),
    pictures: { done: pictures.length, labelled, failed: failures.length },
    outside,
    commonSize,
    groups,
    sharedMs,
    together,
    variants: Object.fromEntries(
      variants.map(({ variant, metrics, sharedMs: ownShared, headMs, cost }) => {
        const costs = { sharedMs: ownShared, headMs, cost };
        if (!metrics) return [variant, costs];
        const { confusion, boundary, ...scores } = metrics;
        return [variant, { ...scores, ...costs, confusion: countsOf(confusion), boundary: countsOf(boundary) }];
      }),
    ),
    agreement,
    costs,
    failures,
    perPicture: pictures,
  };
}
