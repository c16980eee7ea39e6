/** The summary as plain JSON: `report.json` and `fcn compare --json`. Undefined metrics (0 of 0) become null. */
import { namedClasses } from "../image/named-classes.js";
import { intervalOf } from "./bootstrap.js";
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
    gpuMs,
    together,
    commonSize,
    costs,
    answer,
  } = summary;
  const { classNames, ...options } = header;
  return {
    answer,
    ...options,
    classes: namedClasses(classNames),
    pictures: { done: pictures.length, labelled, failed: failures.length },
    outside,
    commonSize,
    groups,
    gpuMs,
    together,
    variants: Object.fromEntries(
      variants.map(({ variant, metrics, drawn, sharedMs, ownMs, cost }) => {
        const times = { sharedMs, ownMs, cost };
        if (!metrics) return [variant, times];
        const { confusion, boundary, ...scores } = metrics;
        const intervals = drawn && {
          meanIoU: intervalOf(drawn.meanIoU),
          boundaryIoU: intervalOf(drawn.boundaryIoU),
          perClassIoU: drawn.perClassIoU,
        };
        const matrices = { confusion: countsOf(confusion), boundary: countsOf(boundary) };
        return [variant, { ...scores, intervals, ...times, ...matrices }];
      }),
    ),
    agreement,
    costs,
    failures,
    perPicture: pictures,
  };
}
