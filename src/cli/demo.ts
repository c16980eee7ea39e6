/** `fcn demo`: the sample pictures through all three networks, and one figure to look at. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../base/write-whole.js";
import { variantTitle } from "../eval/titles.js";
import { contactSheet } from "../image/contact-sheet.js";
import type { SheetColumn, SheetRow } from "../image/contact-sheet.js";
import { decodeLabelPng, encodeLabelPng, encodePng } from "../image/png.js";
import { FCN_VARIANTS, loadFcn, readPicture, requestDevice } from "../node.js";
import type { Device, Fcn, NodePicture, Picture, Segmentation } from "../node.js";
import { QUIET_OPTION, UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { outputFolder } from "./files.js";
import { isQuiet, print } from "./output.js";

/** Pictures, and the weights that know what they show. */
interface SampleSet {
  readonly weights: "photos" | "icons";
  /** Below samples/. */
  readonly folder: string;
  readonly names: readonly string[];
  /** The network, for people. */
  readonly network: string;
}

const SETS: readonly SampleSet[] = [
  {
    weights: "photos",
    folder: "photographs",
    names: ["chelsea", "coffee", "astronaut"],
    network: "MobileNetV2, trained on photographs",
  },
  {
    weights: "icons",
    folder: "",
    names: ["street", "farm", "living-room", "bird"],
    network: "ResNet-101 of 16 planes, trained on drawn icons",
  },
];

const USAGE = `fcn demo [--out DIR] [--quiet]

Segments sample pictures with FCN-32s, FCN-16s and FCN-8s: a photograph and a
drawing, which the package has; three photographs and four drawings in a
checkout. Writes their label maps and one contact sheet.

  --out DIR    folder for the results (default: out/demo)
  -q, --quiet  print only where the results are`;

const OPTIONS = { out: { type: "string", mayBeEmpty: true, default: "out/demo" }, ...QUIET_OPTION } as const;

/**
 * samples/ lies beside src/ in a checkout, and beside dist/ in a package.
 * @throws UsageError where the folder is gone
 */
function samplesFolder(): string {
  const places = ["../../samples", "../../../samples"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = places.find((place) => existsSync(join(place, "photographs")));
  if (!found)
    throw new UsageError(
      "demo: the folder samples of this package is gone; install the package again, or try fcn segment",
    );
  return found;
}

/** The set with those of its pictures that are there: the package has one of each set. */
function withPresent(set: SampleSet, samples: string): SampleSet {
  return { ...set, names: set.names.filter((name) => existsSync(join(samples, set.folder, `${name}.png`))) };
}

/** A line about the run, for people. */
function say(line: string): void {
  if (!isQuiet()) print(line);
}

const milliseconds = (ms: number): string => `${Math.round(ms)} ms`;

interface Sample {
  readonly name: string;
  readonly picture: Picture;
  /** Drawings have a label map. */
  readonly truth?: Uint8Array;
}

/** A sample's result: a line for the terminal and a column of the contact sheet. */
interface SampleResult {
  readonly line: string;
  readonly column: SheetColumn;
}

async function readSample(folder: string, name: string): Promise<Sample> {
  const picture = await readPicture(join(folder, `${name}.png`));
  const file = join(folder, `${name}.label.png`);
  return existsSync(file)
    ? { name, picture, truth: decodeLabelPng(await readFile(file), file).labels }
    : { name, picture };
}

/** Runs of each network over a picture that are timed, after one that compiles and allocates. */
const ROUNDS = 3;

interface TimedRun {
  readonly segmentation: Segmentation;
  /** Milliseconds of the fastest warm run: other work on the machine only adds time. */
  readonly ms: number;
}

/** The networks take turns, so that a machine that is busy for a while slows all of them. */
async function timedRuns(networks: readonly Fcn<NodePicture>[], picture: Picture): Promise<TimedRun[]> {
  let runs: TimedRun[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const latest: TimedRun[] = [];
    for (const [i, fcn] of networks.entries()) {
      const segmentation = await fcn.segment(picture);
      const before = round > 1 ? (runs[i]?.ms ?? Infinity) : Infinity;
      latest.push({ segmentation, ms: Math.min(before, segmentation.timings.total) });
    }
    runs = latest;
  }
  return runs;
}

async function sampleResult(
  { variant, classNames }: Fcn<NodePicture>,
  name: string,
  { segmentation, ms }: TimedRun,
  out: string,
): Promise<SampleResult> {
  const { labels, width, height, names } = segmentation;
  await writeWhole(join(out, `${name}.${variant}.labels.png`), encodeLabelPng(labels, width, height));
  const title = variantTitle(variant);
  const time = milliseconds(ms);
  const scores = `scores [1, ${classNames.length}, ${height}, ${width}], argmax -> [${height}, ${width}]`;
  return {
    line: `  ${title.padEnd(8)} ${scores}  ${time.padStart(7)}  ${names.join(", ")}`,
    column: { title, caption: time, labels },
  };
}

/** Gives a row of the sheet for each sample. */
async function runSet(device: Device, { weights, network }: SampleSet, samples: readonly Sample[], out: string) {
  const results: SampleResult[][] = samples.map(() => []);
  say(`\n${network}:`);
  const networks: Fcn<NodePicture>[] = [];
  for (const variant of FCN_VARIANTS) networks.push(await loadFcn({ weights, variant, device, maxPlans: 1 }));
  for (const [i, sample] of samples.entries()) {
    say(`Running ${networks.map(({ variant }) => variantTitle(variant)).join(", ")} on ${sample.name} ...`);
    const runs = await timedRuns(networks, sample.picture);
    for (const [k, fcn] of networks.entries())
      results[i]?.push(await sampleResult(fcn, sample.name, runs[k] as TimedRun, out));
  }
  for (const fcn of networks) fcn.dispose();
  for (const [i, { name }] of samples.entries())
    say(`\n${name}.png\n${results[i]?.map(({ line }) => line).join("\n")}`);
  return samples.map(({ name, ...sample }, i): SheetRow => {
    return { title: name, ...sample, columns: results[i]?.map(({ column }) => column) ?? [] };
  });
}

export const demo: Command = {
  name: "demo",
  usage: USAGE,
  options: OPTIONS,
  words: [],
  async run(args) {
    const { values, positionals } = parse("demo", args, OPTIONS);
    if (positionals.length)
      throw new UsageError(`demo: takes no pictures; for those there is fcn segment ${positionals.join(" ")}`);
    const folder = samplesFolder();
    await outputFolder("demo", values.out);
    const device = await requestDevice();
    say(`Adapter: ${device.label}${device.adapter.software ? " (software: runs on the CPU)" : ""}`);
    const rows: SheetRow[] = [];
    for (const set of SETS.map((own) => withPresent(own, folder))) {
      const samples = await Promise.all(set.names.map((name) => readSample(join(folder, set.folder), name)));
      rows.push(...(await runSet(device, set, samples, values.out)));
    }
    const title = "FCN-32s, FCN-16s and FCN-8s on WebGPU";
    const subtitle =
      "Photographs: MobileNetV2. Drawings: ResNet-101 of 16 planes. 21 classes of PASCAL VOC. " +
      `Milliseconds from RGBA to labels: the fastest of ${ROUNDS} warm runs on ${device.label}.`;
    const sheet = join(values.out, "contact-sheet.png");
    await writeWhole(sheet, encodePng(contactSheet(rows, { title, subtitle })));
    device.dispose();
    say("");
    print(`Label maps: ${resolve(values.out)}\nContact sheet: ${resolve(sheet)}`);
    return 0;
  },
};
