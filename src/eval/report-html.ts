/** `report.html`: everything a comparison found, in one file that asks for nothing else. Text in, text out; the look is report-page.ts's. */
import { classColour } from "../image/palette.js";
import { accuracyPlot, classPlot, confusionPlot, latencyPlot, seriesOf } from "./plots.js";
import { PAGE_CSS, PAGE_SCRIPT } from "./report-page.js";
import type { PictureSummary, Summary } from "./summary.js";
import { escapeText, inlineSvg } from "./svg.js";
import type { Plot } from "./svg.js";
import { giga, mebibytes, mega, milliseconds, percent, shortNames, titleOf } from "./titles.js";

/** A picture to show. Images are data URIs; label maps have a transparent background. */
export interface ShownPicture {
  readonly summary: PictureSummary;
  readonly picture: string;
  readonly tiles: readonly { readonly title: string; readonly note: string; readonly map: string }[];
  /** Labels that occur in any of the maps. */
  readonly classes: readonly number[];
}

/** Rows of the table of all pictures; longer sets are told in results.jsonl. */
const MAX_ROWS = 1000;

interface Cell {
  readonly html: string;
  /** What the column is sorted by: a number or text; "" goes last. */
  readonly value?: string | number;
  readonly class?: string;
}
interface Column {
  readonly title: string;
  readonly first?: "up";
}

const cellHtml = ({ html, value, class: name }: Cell): string => {
  const key = value === undefined || (typeof value === "number" && Number.isNaN(value)) ? "" : value;
  return `<td${name ? ` class="${name}"` : ""} data-v="${escapeText(String(key))}">${html}</td>`;
};

function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: { readonly sortable?: boolean; readonly tall?: boolean } = {},
): string {
  const head = columns.map(({ title, first }) =>
    options.sortable
      ? `<th scope="col"${first ? ' data-first="up"' : ""}><button>${escapeText(title)}</button></th>`
      : `<th scope="col">${escapeText(title)}</th>`,
  );
  const body = rows.map((row) => `<tr>${row.map(cellHtml).join("")}</tr>`);
  return `<div class="scroll${options.tall ? " tall" : ""}"><table${options.sortable ? ' class="sortable"' : ""}><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

const share = (value: number | undefined, name?: string): Cell => ({
  html: percent(value),
  value: value ?? "",
  ...(name ? { class: name } : {}),
});
const points = (gain: number): string =>
  Number.isNaN(gain) ? "-" : `${gain >= 0 ? "+" : "\u2212"}${Math.abs(100 * gain).toFixed(1)}`;

function cards(summary: Summary): string {
  const made = summary.variants.map(({ variant, metrics, cost, headMs }, i) => {
    const before = summary.variants[i - 1];
    const gain =
      metrics && before?.metrics
        ? `${points(metrics.meanIoU - before.metrics.meanIoU)} mean IoU, ${points(metrics.boundaryIoU - before.metrics.boundaryIoU)} at borders, over <span>${titleOf(before.variant)}</span>`
        : "";
    const big = metrics
      ? `${percent(metrics.meanIoU)}<small>% mean IoU</small>`
      : `${milliseconds(cost?.ms)}<small>ms a picture</small>`;
    const facts: [string, string][] = [
      ...(metrics
        ? ([
            ["boundary IoU", `${percent(metrics.boundaryIoU)} %`],
            ["pixel accuracy", `${percent(metrics.pixelAccuracy)} %`],
          ] as [string, string][])
        : []),
      ["alone, end to end", `${milliseconds(cost?.ms)} ms`],
      ["its head on the GPU", `${milliseconds(headMs)} ms`],
      ["operations", cost ? `${giga(cost.sharedFlops + cost.headFlops)} GFLOP` : "-"],
      ["memory", cost ? `${mebibytes(cost.weightBytes + cost.planBytes)} MiB` : "-"],
    ];
    const list = facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join("");
    return `<section class="card ${seriesOf(summary, variant)}"><h3>${titleOf(variant)}</h3><div class="big">${big}</div><div class="gain">${gain}</div><dl>${list}</dl></section>`;
  });
  return `<div class="cards">${made.join("")}</div>`;
}

function costTable(summary: Summary): string {
  const rows = summary.variants.map(({ variant, metrics: m, cost: c, headMs }): Cell[] => [
    { html: titleOf(variant) },
    { html: milliseconds(c?.ms) },
    { html: milliseconds(headMs) },
    { html: c ? giga(c.sharedFlops + c.headFlops) : "-" },
    { html: c ? mega(c.sharedParameters + c.headParameters) : "-" },
    { html: c ? mebibytes(c.weightBytes + c.planBytes) : "-" },
    ...(m
      ? [
          share(m.pixelAccuracy),
          share(m.meanAccuracy),
          share(m.meanIoU),
          share(m.frequencyWeightedIoU),
          share(m.boundaryIoU),
        ]
      : []),
  ]);
  const metrics = summary.labelled ? ["pixel acc %", "mean acc %", "mean IoU %", "f.w. IoU %", "boundary IoU %"] : [];
  const columns = ["variant", "ms alone", "head ms", "GFLOP", "M params", "MiB", ...metrics].map((title) => ({
    title,
  }));
  const { together, sharedMs, commonSize } = summary;
  const finest = summary.variants.at(-1);
  const ratio =
    together && finest?.cost
      ? ` All of them over one backbone take ${milliseconds(together.ms)} ms, ${(together.ms / finest.cost.ms).toFixed(2)} times ${titleOf(finest.variant)} alone.`
      : "";
  const at = commonSize ? ` at ${commonSize.width} \u00d7 ${commonSize.height}` : "";
  const note = `Milliseconds from RGBA to labels, warm${at}, the fastest of 5 runs. The backbone is shared: ${milliseconds(sharedMs)} ms of GPU time a picture, once for all variants.${ratio}${summary.labelled ? ` Boundary IoU counts only pixels within ${summary.header.boundaryWidth} px of a border in the truth; there the strides differ most.` : ""}`;
  return `${table(columns, rows)}<p class="quiet" style="margin-top:10px">${note}</p>`;
}

function agreementTable(summary: Summary): string {
  if (summary.variants.length < 2) return "";
  const rows = summary.agreement.map(({ a, b, share: s }): Cell[] => [
    { html: `${titleOf(a)} and ${titleOf(b)}` },
    { html: `${percent(s, 2)} %` },
  ]);
  return `<div class="panel"><h3>Where they agree</h3>${table([{ title: "variants" }, { title: "pixels with the same label" }], rows)}</div>`;
}

function classTable(summary: Summary): string {
  const { variants, header } = summary;
  const last = variants.at(-1)?.metrics;
  const first = variants[0]?.metrics;
  if (!last || !first) return "";
  const total = last.truthPixels.reduce((a, b) => a + b, 0);
  const rows = header.classNames.flatMap((name, c): Cell[][] => {
    const values = variants.map(({ metrics }) => metrics?.perClassIoU[c] ?? NaN);
    if (!last.truthPixels[c] && values.every(Number.isNaN)) return [];
    const best = Math.max(...values.filter((v) => !Number.isNaN(v)));
    const gain = (values.at(-1) ?? NaN) - (values[0] ?? NaN);
    const swatch = `<span class="swatch" style="background:${classColour(c)}"></span>${escapeText(name)}`;
    const gained: Cell = Number.isNaN(gain)
      ? { html: "-" }
      : { html: points(gain), value: gain, class: gain > 0.0005 ? "up" : gain < -0.0005 ? "down" : "" };
    const borders = variants.map(({ metrics }) => share(metrics?.perClassBoundaryIoU[c]));
    return [
      [
        { html: swatch, value: name },
        share((last.truthPixels[c] ?? 0) / total),
        ...values.map((v) => share(v, v === best && v > 0 ? "best" : "")),
        ...(variants.length > 1 ? [gained] : []),
        ...borders,
      ],
    ];
  });
  const names = variants.map(({ variant }) => titleOf(variant).replace("FCN-", ""));
  const columns: Column[] = [
    { title: "class", first: "up" },
    { title: "% of pixels" },
    ...names.map((n) => ({ title: `IoU ${n}` })),
    ...(variants.length > 1 ? [{ title: `gain ${names[0]} \u2192 ${names.at(-1)}` }] : []),
    ...names.map((n) => ({ title: `border ${n}` })),
  ];
  return `<h2>Classes</h2><p class="quiet">IoU in %; the best variant of each class in bold. A click on a column's title sorts by it.</p>${table(columns, rows, { sortable: true })}`;
}

function confusions(summary: Summary): string {
  const plots = summary.variants.flatMap((v) => {
    const plot = confusionPlot(summary, v);
    return plot ? [{ variant: v.variant, plot }] : [];
  });
  if (!plots.length) return "";
  const last = plots.at(-1)?.variant;
  const tabs = plots.map(
    ({ variant }) =>
      `<input type="radio" name="confusion" id="tab-${variant}" value="${variant}"${variant === last ? " checked" : ""}><label for="tab-${variant}">${titleOf(variant)}</label>`,
  );
  const panels = plots.map(
    ({ variant, plot }) =>
      `<div data-tab="${variant}"${variant === last ? "" : " hidden"} class="plot-box">${inlineSvg(plot)}</div>`,
  );
  return `<h2>What is taken for what</h2><p class="quiet">Each row is a class of the truth, in % of its pixels; off the diagonal, in red, what it was labelled instead.</p><div class="panel matrix"><div class="tabs">${tabs.join("")}</div>${panels.join("")}</div>`;
}

function pictureRows(summary: Summary, shown: readonly ShownPicture[], names: Names): string {
  if (!shown.length) return "";
  const { labelled, header } = summary;
  const several = header.variants.length > 1;
  const finest = titleOf(header.variants.at(-1) ?? "");
  const rows = shown.map(({ summary: own, picture, tiles, classes }) => {
    const name = escapeText(names.get(own.picture) ?? own.picture);
    const figures = tiles.map(
      ({ title, note, map }) =>
        `<figure><figcaption><b>${escapeText(title)}</b><span>${escapeText(note)}</span></figcaption><div class="pic map"><img src="${map}" alt="${escapeText(title)}, ${name}"></div></figure>`,
    );
    const plain = `<figure><figcaption><b>picture</b><span>${own.width} \u00d7 ${own.height}</span></figcaption><div class="pic" role="img" aria-label="${name}"></div></figure>`;
    const legend = classes
      .filter((c) => c !== 0)
      .map(
        (c) =>
          `<span><i class="swatch" style="background:${classColour(c)}"></i>${escapeText(header.classNames[c] ?? (c === 255 ? "void" : `class ${c}`))}</span>`,
      );
    const note = several ? `the two variants furthest apart agree on ${percent(own.agreement)} %` : "";
    return `<article class="row" style="--p:url(${picture});--a:${own.width}/${own.height}"><h3>${name}<span>${note}</span></h3><div class="tiles">${plain}${figures.join("")}</div><div class="legend">${legend.join("")}</div></article>`;
  });
  const ranked = labelled > 0 || several;
  const order = `The ${shown.length} worst, by ${labelled ? `${finest}'s mean IoU on the picture` : "how far the variants disagree"}.`;
  const differ = several ? ` Where they differ: the colour of ${finest}'s label, pale where that is background.` : "";
  return `<h2>Pictures${ranked ? ", the worst first" : ""}</h2><p class="quiet">${ranked ? order : ""}${differ}</p><div class="controls"><label>overlay <input type="range" id="mix" min="0" max="1" step="0.05" value="0.75"></label><label><input type="checkbox" id="bare"> label maps alone</label></div><div id="pictures">${rows.join("")}</div>`;
}

function allPictures({ header, pictures, labelled }: Summary, names: Names): string {
  const several = header.variants.length > 1;
  const rows = [...pictures]
    .sort((a, b) => a.score - b.score)
    .slice(0, MAX_ROWS)
    .map((p): Cell[] => [
      { html: escapeText(names.get(p.picture) ?? p.picture), value: `${p.picture} ` },
      { html: `${p.width} \u00d7 ${p.height}`, value: p.width * p.height },
      ...(labelled ? header.variants.map((v) => share(p.meanIoU?.[v])) : []),
      ...(several ? [{ html: percent(p.agreement), value: p.agreement }] : []),
      { html: milliseconds(p.ms), value: p.ms },
    ]);
  const columns: Column[] = [
    { title: "picture", first: "up" },
    { title: "size" },
    ...(labelled
      ? header.variants.map((v) => ({ title: `IoU ${titleOf(v).replace("FCN-", "")}`, first: "up" as const }))
      : []),
    ...(several ? [{ title: "agreement %", first: "up" as const }] : []),
    { title: several ? "ms, all variants" : "ms" },
  ];
  const cut =
    pictures.length > MAX_ROWS
      ? `<p class="quiet">The worst ${MAX_ROWS} of ${pictures.length}; results.jsonl has all.</p>`
      : "";
  return `<h2>All pictures</h2>${cut}${table(columns, rows, { sortable: true, tall: true })}`;
}

function failures({ failures: failed }: Summary): string {
  if (!failed.length) return "";
  const rows = failed.map(({ picture, error }): Cell[] => [
    { html: escapeText(picture) },
    { html: `<span style="white-space:normal">${escapeText(error)}</span>` },
  ]);
  return `<h2>Not used</h2>${table([{ title: "picture" }, { title: "why" }], rows)}`;
}

/** Names to show, by the names in the results. */
type Names = ReadonlyMap<string, string>;

const panel = (plot: Plot | undefined): string =>
  plot
    ? `<div class="panel"><h3>${escapeText(plot.title)}</h3><div class="plot-box">${inlineSvg(plot)}</div></div>`
    : "";

export function reportHtml(summary: Summary, shown: readonly ShownPicture[]): string {
  const { header, pictures, labelled } = summary;
  const names: Names = new Map(
    shortNames(pictures.map((p) => p.picture)).map((name, i) => [pictures[i]?.picture ?? "", name]),
  );
  const title = `${header.variants.map(titleOf).join(", ")}: what ${header.variants.length > 1 ? "they cost and gain" : "it costs and gives"}`;
  const set = `${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}${labelled ? `, ${labelled} with label maps` : ""}${summary.failures.length ? `, ${summary.failures.length} not used` : ""} \u00b7 ${escapeText(header.weights)} \u00b7 ${escapeText(header.adapter)}${header.precision === "f16" ? " \u00b7 f16" : ""}`;
  const plots = [
    `<div class="stack">${panel(accuracyPlot(summary))}${panel(latencyPlot(summary))}</div>`,
    `<div class="stack">${panel(classPlot(summary))}${agreementTable(summary)}</div>`,
  ].join("");
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
  const body = [
    `<header><div><h1>${escapeText(title)}</h1><p class="quiet">${set}</p></div><button id="theme" type="button">light / dark</button></header>`,
    cards(summary),
    `<h2>Cost and accuracy</h2>${costTable(summary)}`,
    `<h2>Plots</h2><div class="plots">${plots}</div>`,
    classTable(summary),
    confusions(summary),
    pictureRows(summary, shown, names),
    allPictures(summary, names),
    failures(summary),
    `<footer>Made by fcn compare. Metrics as in <cite>Fully Convolutional Networks for Semantic Segmentation</cite> (arXiv 1411.4038): one confusion matrix over the whole set; void pixels do not count; means are over the classes of the truth.</footer>`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><link rel="icon" href="data:,">
<title>${escapeText(title)}</title><style>${PAGE_CSS}</style></head><body><main>
${body.filter(Boolean).join("\n")}
</main><script>${PAGE_SCRIPT}</script></body></html>
`;
}
