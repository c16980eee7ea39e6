/** The summary as plain JSON: `report.json` and `fcn compare --json`. Undefined metrics (0 of 0) become null. */
import type { Summary } from "./summary.js";

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
  return {
    ...header,
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
        return [variant, { ...scores, ...costs, confusion: confusion.toJSON(), boundary: boundary.toJSON() }];
      }),
    ),
    agreement,
    costs,
    failures,
    perPicture: pictures,
  };
}
