/** The plots of a comparison: accuracy against latency, latency against size, IoU by class, confusion matrices. */
import { accuracyPlot } from "./plots/accuracy.js";
import { classPlot } from "./plots/class-iou.js";
import { confusionPlot } from "./plots/confusion-matrix.js";
import { latencyPlot } from "./plots/latency.js";
import type { Summary } from "./summary.js";
import type { Plot } from "./svg.js";

/** All plots that the measurements are enough for. */
export function allPlots(summary: Summary): Plot[] {
  const plots = [
    accuracyPlot(summary),
    latencyPlot(summary),
    classPlot(summary),
    ...summary.variants.map((variant) => confusionPlot(summary, variant)),
  ];
  return plots.filter((plot) => plot !== undefined);
}
