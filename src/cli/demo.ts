/** `fcn demo`: the four sample pictures through all three networks, and one figure to look at. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { variantTitle } from "../eval/titles.js";
import { contactSheet } from "../image/contact-sheet.js";
import type { SheetColumn } from "../image/contact-sheet.js";
import { decodeLabelPng, encodeLabelPng, encodePng } from "../image/png.js";
import { FCN_VARIANTS, loadFcn, readPicture, requestDevice } from "../node.js";
import type { Fcn, NodePicture, Picture } from "../node.js";
import { UsageError, parse, print } from "./command.js";
import type { Command } from "./command.js";
import { outputFolder, writeWhole } from "./files.js";

const SAMPLES = ["street", "farm", "living-room", "bird"];

const USAGE = `fcn demo [--out DIR]

Segments the four pictures of samples/ with FCN-32s, FCN-16s and FCN-8s, and writes their label maps and one contact sheet.

  --out DIR  folder for the results (default: out/demo)`;

/** samples/ lies beside the sources, or beside the build in a checkout. */
function samplesFolder(): string {
  const places = ["../../samples", "../../../samples"].map((up) => fileURLToPath(new URL(up, import.meta.url)));
  const found = places.find((place) => existsSync(join(place, `${SAMPLES[0] ?? ""}.png`)));
  if (!found)
    throw new UsageError(
      "demo: the sample pictures are not part of the installed package; run it in a checkout, or try fcn segment on a picture of yours",
    );
  return found;
}

const milliseconds = (ms: number): string => `${Math.round(ms)} ms`;

interface Sample {
  readonly name: string;
  readonly picture: Picture;
  readonly truth: Uint8Array;
  readonly columns: SheetColumn[];
  readonly lines: string[];
}

async function readSample(folder: string, name: string): Promise<Sample> {
  const picture = await readPicture(join(folder, `${name}.png`));
  const truth = decodeLabelPng(await readFile(join(folder, `${name}.label.png`)), `${name}.label.png`).labels;
  return { name, picture, truth, columns: [], lines: [] };
}

async function segmentSample(
  fcn: Fcn<NodePicture>,
  { name, picture, columns, lines }: Sample,
  out: string,
): Promise<void> {
  await fcn.segment(picture); // the first run of a size compiles and allocates; the second is what is timed
  const { labels, width, height, names, timings } = await fcn.segment(picture);
  await writeWhole(join(out, `${name}.${fcn.variant}.labels.png`), encodeLabelPng(labels, width, height));
  const title = variantTitle(fcn.variant);
  const shape = `[1, ${fcn.classNames.length}, ${height}, ${width}]`;
  lines.push(
    `  ${title.padEnd(8)} scores ${shape}, argmax -> [${height}, ${width}]  ${milliseconds(timings.total).padStart(7)}  ${names.join(", ")}`,
  );
  columns.push({ title, caption: milliseconds(timings.total), labels });
}

export const demo: Command = {
  name: "demo",
  summary: "the sample pictures through FCN-32s, 16s and 8s, as one contact sheet",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = parse("demo", args, { out: { type: "string", default: "out/demo" } });
    if (positionals.length)
      throw new UsageError(`demo: takes no pictures; for those there is fcn segment ${positionals.join(" ")}`);
    const folder = samplesFolder();
    await outputFolder("demo", values.out);
    const device = await requestDevice();
    print(`Adapter: ${device.label}${device.adapter.software ? " (software: runs on the CPU)" : ""}`);
    const samples = await Promise.all(SAMPLES.map((name) => readSample(folder, name)));
    // One network after the other, so that the memory is that of one.
    for (const variant of FCN_VARIANTS) {
      const fcn = await loadFcn({ variant, device, maxPlans: 1 });
      print(`Running ${variantTitle(variant)} on ${samples.length} pictures ...`);
      for (const sample of samples) await segmentSample(fcn, sample, values.out);
      fcn.dispose();
    }
    for (const { name, lines } of samples) print(`\n${name}.png\n${lines.join("\n")}`);
    const rows = samples.map(({ name, picture, truth, columns }) => ({ title: name, picture, truth, columns }));
    const subtitle = `ResNet-101 (16 planes, trained on drawn icons), 21 classes of PASCAL VOC. Milliseconds from RGBA to labels, warm, on ${device.label}.`;
    const sheet = join(values.out, "contact-sheet.png");
    await writeWhole(
      sheet,
      encodePng(contactSheet(rows, { title: "FCN-32s, FCN-16s and FCN-8s on WebGPU", subtitle })),
    );
    device.dispose();
    print(`\nLabel maps: ${resolve(values.out)}\nContact sheet: ${resolve(sheet)}`);
    return 0;
  },
};
