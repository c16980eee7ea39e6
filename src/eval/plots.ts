/** The plots of a comparison: accuracy against latency, IoU by class, confusion matrix, latency against size. */
import type { Summary, VariantSummary } from "./summary.js";
import { axes, escapeText, num, ticksFor } from "./svg.js";
import type { Plot } from "./svg.js";
import { titleOf } from "./titles.js";

const WIDTH = 560;
const pct = (share: number): string => (100 * share).toFixed(1);
/** Colour class of a variant, by its place. */
export const seriesOf = (summary: Summary, variant: string): string =>
  variant === "all" ? "all" : `s${Math.max(0, summary.header.variants.indexOf(variant)) % 3}`;

function key(
  entries: readonly { readonly series: string; readonly label: string; readonly mark: "fill" | "ring" | "dash" }[],
  left: number,
  top: number,
): string {
  let x = left;
  return entries
    .map(({ series, label, mark }) => {
      const at = x;
      x += 34 + label.length * 6.8;
      const sign =
        mark === "dash"
          ? `<path class="line dash" d="M${num(at)} ${num(top)}h14"/>`
          : `<circle class="${mark}" cx="${num(at + 6)}" cy="${num(top)}" r="5"/>`;
      return `<g class="${series}">${sign}<text class="v" x="${num(at + 18)}" y="${num(top + 4)}">${escapeText(label)}</text></g>`;
    })
    .join("");
}

/** Mean IoU and boundary IoU over milliseconds; undefined without labels or times. */
export function accuracyPlot(summary: Summary): Plot | undefined {
  const points = summary.variants.flatMap(({ variant, metrics, cost }) =>
    metrics && cost ? [{ variant, ms: cost.ms, values: [metrics.meanIoU, metrics.boundaryIoU] as const }] : [],
  );
  // Label maps without a border in them have no boundary IoU.
  const drawn = ([0, 1] as const).filter((i) => points.every(({ values }) => !Number.isNaN(values[i])));
  if (points.length < 2 || !drawn.length) return undefined;
  const frame = { left: 52, top: 44, width: WIDTH - 52 - 28, height: 250 };
  const times = points.map((p) => p.ms);
  const shares = points.flatMap((p) => drawn.map((i) => p.values[i]));
  const spread = Math.max(...times) - Math.min(...times) || 1;
  const { x, y, body } = axes(
    frame,
    ticksFor(Math.max(0, Math.min(...times) - 0.25 * spread), Math.max(...times) + 0.25 * spread),
    ticksFor(Math.max(0, Math.min(...shares) - 0.03), Math.min(1, Math.max(...shares) + 0.03)),
    ["milliseconds a picture, one variant alone", "IoU in %"],
    [(v) => String(v), (v) => (100 * v).toFixed(0)],
  );
  const lines = drawn.map(
    (i) =>
      `<path class="axis" stroke-opacity=".5"${i ? ' stroke-dasharray="3 4"' : ""} d="M${points.map((p) => `${num(x(p.ms))} ${num(y(p.values[i]))}`).join("L")}"/>`,
  );
  const marks = points.map(({ variant, ms, values }) => {
    const own = drawn.map((i) => {
      const v = values[i];
      const [px, py] = [x(ms), y(v)];
      const tip = `<title>${titleOf(variant)}: ${i ? "boundary IoU" : "mean IoU"} ${pct(v)} %, ${ms.toFixed(1)} ms</title>`;
      return `<circle class="${i ? "ring" : "fill"}" cx="${num(px)}" cy="${num(py)}" r="6">${tip}</circle><text class="v" x="${num(px)}" y="${num(py - 12)}" text-anchor="middle">${pct(v)}</text>`;
    });
    return `<g class="${seriesOf(summary, variant)}">${own.join("")}</g>`;
  });
  const names = summary.variants.map(({ variant }) => ({
    series: seriesOf(summary, variant),
    label: titleOf(variant),
    mark: "fill" as const,
  }));
  const bottom = frame.top + frame.height + 64;
  const note = `<text x="${num(frame.left + frame.width)}" y="${num(bottom + 4)}" text-anchor="end">\u25cf all pixels  \u25cb ${summary.header.boundaryWidth} px around borders</text>`;
  return {
    name: "accuracy-latency",
    title: "Accuracy against latency",
    width: WIDTH,
    height: bottom + 16,
    body: body + lines.join("") + marks.join("") + key(names, frame.left, bottom) + note,
  };
}

/** Milliseconds over the number of pixels; undefined with fewer than two sizes. */
export function latencyPlot(summary: Summary): Plot | undefined {
  const series = [...summary.header.variants, "all"].map((variant) => {
    const own = summary.costs.filter((c) => c.variant === variant).map((c) => ({ ...c, pixels: c.width * c.height }));
    return { variant, points: own.sort((a, b) => a.pixels - b.pixels) };
  });
  // A run that was stopped may have timed some of them only.
  const drawn = (summary.header.variants.length > 1 ? series : series.slice(0, -1)).filter(
    ({ points }) => points.length,
  );
  const all = drawn.flatMap((s) => s.points);
  if (new Set(all.map((p) => p.pixels)).size < 2) return undefined;
  const frame = { left: 52, top: 44, width: WIDTH - 52 - 28, height: 250 };
  const { x, y, body } = axes(
    frame,
    ticksFor(0, Math.max(...all.map((p) => p.pixels)) / 1e6),
    ticksFor(0, Math.max(...all.map((p) => p.ms))),
    ["megapixels", "milliseconds a picture"],
    [(v) => String(v), (v) => String(v)],
  );
  const lines = drawn.map(({ variant, points }) => {
    const path = points.map((p) => `${num(x(p.pixels / 1e6))} ${num(y(p.ms))}`).join("L");
    const dots = points.map(
      (p) =>
        `<circle class="${variant === "all" ? "ring" : "fill"}" cx="${num(x(p.pixels / 1e6))}" cy="${num(y(p.ms))}" r="4"><title>${titleOf(variant)} ${p.width} x ${p.height}: ${p.ms.toFixed(1)} ms</title></circle>`,
    );
    return `<g class="${seriesOf(summary, variant)}"><path class="line${variant === "all" ? " dash" : ""}" d="M${path}"/>${dots.join("")}</g>`;
  });
  const names = drawn.map(({ variant }) => ({
    series: seriesOf(summary, variant),
    label: variant === "all" ? "all over one backbone" : titleOf(variant),
    mark: variant === "all" ? ("dash" as const) : ("fill" as const),
  }));
  const bottom = frame.top + frame.height + 64;
  return {
    name: "latency-size",
    title: "Latency against size",
    width: WIDTH,
    height: bottom + 16,
    body: body + lines.join("") + key(names, frame.left, bottom),
  };
}

/** Grouped bars by class, the classes of the truth in order of the last variant's IoU. */
export function classPlot(summary: Summary): Plot | undefined {
  const last = summary.variants.at(-1)?.metrics;
  if (!last) return undefined;
  const shown = summary.header.classNames
    .flatMap((name, c) => (last.truthPixels[c] ? [{ name, c }] : []))
    .sort((a, b) => (last.perClassIoU[b.c] ?? 0) - (last.perClassIoU[a.c] ?? 0));
  const bar = 7;
  const group = summary.variants.length * (bar + 1) + 9;
  const frame = { left: 104, top: 34, width: WIDTH - 104 - 56, height: shown.length * group };
  const x = (share: number): number => frame.left + share * frame.width;
  const grid = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (v) =>
      `<path class="grid" d="M${num(x(v))} ${frame.top - 6}V${num(frame.top + frame.height)}"/><text x="${num(x(v))}" y="${frame.top - 14}" text-anchor="middle">${v === 1 ? "100 %" : (100 * v).toFixed(0)}</text>`,
  );
  const rows = shown.map(({ name, c }, i) => {
    const top = frame.top + i * group + 4;
    const bars = summary.variants.map(({ variant, metrics }, j) => {
      const value = metrics?.perClassIoU[c] ?? 0;
      return `<rect class="fill ${seriesOf(summary, variant)}" x="${num(frame.left)}" y="${num(top + j * (bar + 1))}" width="${num(Math.max(0.5, value * frame.width))}" height="${bar}" rx="1.5"><title>${titleOf(variant)}, ${escapeText(name)}: ${pct(value)} %</title></rect>`;
    });
    const best = Math.max(...summary.variants.map(({ metrics }) => metrics?.perClassIoU[c] ?? 0));
    const middle = top + (group - 9) / 2 + 4;
    return `<text class="v" x="${frame.left - 10}" y="${num(middle)}" text-anchor="end">${escapeText(name)}</text>${bars.join("")}<text x="${num(x(best) + 8)}" y="${num(middle)}">${pct(best)}</text>`;
  });
  const names = summary.variants.map(({ variant }) => ({
    series: seriesOf(summary, variant),
    label: titleOf(variant),
    mark: "fill" as const,
  }));
  const bottom = frame.top + frame.height + 18;
  return {
    name: "class-iou",
    title: "IoU by class (numbers: the best variant)",
    width: WIDTH,
    height: bottom + 16,
    body: grid.join("") + rows.join("") + key(names, frame.left, bottom),
  };
}

/** Rows are true classes in shares of their pixels, columns what was predicted. */
export function confusionPlot(summary: Summary, { variant, metrics }: VariantSummary): Plot | undefined {
  if (!metrics) return undefined;
  const { confusion, truthPixels } = metrics;
  const names = summary.header.classNames;
  const rows = names.flatMap((_, c) => (truthPixels[c] ? [c] : []));
  const columns = names.flatMap((_, c) => (truthPixels[c] || rows.some((t) => confusion.at(t, c)) ? [c] : []));
  const [cell, left, top] = [30, 104, 88];
  const cells = rows.flatMap((t, i) =>
    columns.map((p, j) => {
      const share = confusion.at(t, p) / (truthPixels[t] ?? 1);
      if (share < 0.0005) return "";
      const [x, y] = [left + j * cell, top + i * cell];
      const tip = `<title>${escapeText(names[t] ?? "")} labelled ${escapeText(names[p] ?? "")}: ${pct(share)} % (${confusion.at(t, p).toLocaleString("en")} pixels)</title>`;
      const text =
        share >= 0.005
          ? `<text x="${x + cell / 2}" y="${y + cell / 2 + 4}" text-anchor="middle" style="font-size:10px${share > 0.55 ? ";fill:var(--ground)" : ";fill:var(--ink)"}">${(100 * share).toFixed(0)}</text>`
          : "";
      return `<g><rect class="fill ${t === p ? seriesOf(summary, variant) : "wrong"}" x="${x}" y="${y}" width="${cell - 1}" height="${cell - 1}" rx="2" fill-opacity="${num(Math.max(0.04, share ** 0.8))}"/>${text}${tip}</g>`;
    }),
  );
  const head = columns.map(
    (c, j) =>
      `<text transform="translate(${left + j * cell + cell / 2 + 4} ${top - 8}) rotate(-50)">${escapeText(names[c] ?? "")}</text>`,
  );
  const side = rows.map(
    (c, i) =>
      `<text class="v" x="${left - 8}" y="${top + i * cell + cell / 2 + 4}" text-anchor="end">${escapeText(names[c] ?? "")}</text>`,
  );
  const grid = rows.map(
    (_, i) => `<path class="grid" d="M${left} ${top + (i + 1) * cell - 0.5}h${columns.length * cell}"/>`,
  );
  return {
    name: `confusion-${variant}`,
    title: `Confusion matrix of ${titleOf(variant)}, % of each true class`,
    width: left + columns.length * cell + 56,
    height: top + rows.length * cell + 10,
    body: grid.join("") + cells.join("") + head.join("") + side.join(""),
  };
}

export function allPlots(summary: Summary): Plot[] {
  const plots = [
    accuracyPlot(summary),
    latencyPlot(summary),
    classPlot(summary),
    ...summary.variants.map((v) => confusionPlot(summary, v)),
  ];
  return plots.filter((plot) => plot !== undefined);
}
