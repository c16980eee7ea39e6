/** `fcn demo`: the four sample pictures through all three networks, and one figure to look at. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../base/write-whole.js";
import { variantTitle } from "../eval/titles.js";
import { contactSheet } from "../image/contact-sheet.js";
import type { SheetColumn } from "../image/contact-sheet.js";
import { decodeLabelPng, encodeLabelPng, encodePng } from "../image/png.js";
import { FCN_VARIANTS, loadFcn, readPicture, requestDevice } from "../node.js";
import type { Device, Fcn, NodePicture, Picture } from "../node.js";
import { UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { outputFolder } from "./files.js";
import { print } from "./output.js";

const SAMPLES = ["street", "farm", "living-room", "bird"];
const [FIRST_SAMPLE = ""] = SAMPLES;

const USAGE = `fcn demo [--out DIR]

Segments the four pictures of samples/ with FCN-32s, FCN-16s and FCN-8s. Writes
their label maps and one contact sheet.

  --out DIR  folder for the results (default: out/demo)`;

/**
 * samples/ lies beside src/ in a checkout, and beside the folder of the build.
 * @throws UsageError in an installed package
 */
function samplesFolder(): string {
  const places = ["../../samples", "../../../samples"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = places.find((place) => existsSync(join(place, `${FIRST_SAMPLE}.png`)));
  if (!found)
    throw new UsageError(
      "demo: the sample pictures are not part of the installed package; " +
        "run it in a checkout, or try fcn segment on a picture of yours",
    );
  return found;
}

const milliseconds = (ms: number): string => `${Math.round(ms)} ms`;

interface Sample {
  readonly name: string;
  readonly picture: Picture;
  readonly truth: Uint8Array;
}

/** A sample's result: a line for the terminal and a column of the contact sheet. */
interface SampleResult {
  readonly line: string;
  readonly column: SheetColumn;
}

async function readSample(folder: string, name: string): Promise<Sample> {
  const picture = await readPicture(join(folder, `${name}.png`));
  const truth = decodeLabelPng(await readFile(join(folder, `${name}.label.png`)), `${name}.label.png`).labels;
  return { name, picture, truth };
}

async function segmentSample(fcn: Fcn<NodePicture>, { name, picture }: Sample, out: string): Promise<SampleResult> {
  await fcn.segment(picture); // the first run of a size compiles and allocates; the second is timed
  const { labels, width, height, names, timings } = await fcn.segment(picture);
  await writeWhole(join(out, `${name}.${fcn.variant}.labels.png`), encodeLabelPng(labels, width, height));
  const title = variantTitle(fcn.variant);
  const time = milliseconds(timings.total);
  const scores = `scores [1, ${fcn.classNames.length}, ${height}, ${width}], argmax -> [${height}, ${width}]`;
  return {
    line: `  ${title.padEnd(8)} ${scores}  ${time.padStart(7)}  ${names.join(", ")}`,
    column: { title, caption: time, labels },
  };
}

/** One network after the other, so that memory holds one at a time. Gives the results of each sample, in its order. */
async function runNetworks(device: Device, samples: readonly Sample[], out: string): Promise<SampleResult[][]> {
  const results: SampleResult[][] = samples.map(() => []);
  for (const variant of FCN_VARIANTS) {
    const fcn = await loadFcn({ variant, device, maxPlans: 1 });
    print(`Running ${variantTitle(variant)} on ${samples.length} pictures ...`);
    for (const [i, sample] of samples.entries()) results[i]?.push(await segmentSample(fcn, sample, out));
    fcn.dispose();
  }
  return results;
}

export const demo: Command = {
  name: "demo",
  summary: "segment the sample pictures with FCN-32s, 16s and 8s",
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
    const results = await runNetworks(device, samples, values.out);
    for (const [i, { name }] of samples.entries())
      print(`\n${name}.png\n${results[i]?.map(({ line }) => line).join("\n")}`);
    const rows = samples.map(({ name, picture, truth }, i) => ({
      title: name,
      picture,
      truth,
      columns: results[i]?.map(({ column }) => column) ?? [],
    }));
    const title = "FCN-32s, FCN-16s and FCN-8s on WebGPU";
    const subtitle =
      "ResNet-101 (16 planes, trained on drawn icons), 21 classes of PASCAL VOC. " +
      `Milliseconds from RGBA to labels, warm, on ${device.label}.`;
    const sheet = join(values.out, "contact-sheet.png");
    await writeWhole(sheet, encodePng(contactSheet(rows, { title, subtitle })));
    device.dispose();
    print(`\nLabel maps: ${resolve(values.out)}\nContact sheet: ${resolve(sheet)}`);
    return 0;
  },
};
