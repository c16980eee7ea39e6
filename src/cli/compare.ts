/** `fcn compare`: what strides 32, 16 and 8 cost and gain, on pictures of one's own or on PASCAL VOC. */
import { join } from "node:path";
import { BOUNDARY_WIDTH } from "../eval/boundary.js";
import type { PictureRecord } from "../eval/records.js";
import { reportJson } from "../eval/report-json.js";
import { summarise, summarisePicture } from "../eval/summary.js";
import type { Summary } from "../eval/summary.js";
import { COMPARABLE, mixtureProblem } from "../models/compared.js";
import type { ComparedVariant } from "../models/compared.js";
import { PRECISIONS } from "../models/precision.js";
import { UsageError, oneOf, parse, print, printError, refuse } from "./command.js";
import type { Command } from "./command.js";
import { Keeper } from "./compare-kept.js";
import { ResultLog, mergeLogs } from "./compare-log.js";
import { openComparison } from "./compare-open.js";
import { writeReport } from "./compare-report.js";
import { measureCosts, runComparison, sizesToMeasure } from "./compare-run.js";
import { textReport } from "./compare-table.js";
import { listPictures, listVoc, shardOf } from "./datasets.js";
import type { Item } from "./datasets.js";
import { outputFolder } from "./files.js";

const USAGE = `fcn compare INPUT... [options]
fcn compare --voc DIR [--split val] [options]
fcn compare --merge DIR... [--out DIR]

Runs FCN-32s, 16s and 8s over one backbone and compares what they cost and gain; a checkpoint of torchvision's fcn_resnet101,
whose backbone is another, is run alone. INPUT is a picture (PNG; JPEG and WebP with the package sharp), a folder or a quoted
pattern. The label map of NAME.jpg is NAME.label.png beside it. Writes results.jsonl (a line a picture), report.html,
report.json, contact-sheet.png and plots/*.svg.

  --labels DIR         label maps are DIR/NAME.png
  --voc DIR            PASCAL VOC's folder (with ImageSets, JPEGImages, SegmentationClass)
  --split NAME         its list of pictures (default val)
  --variants LIST      of fcn32s,fcn16s,fcn8s, or fcn-resnet101 alone (default: what the weights have heads for)
  --boundary-width N   pixels on each side of a border that the boundary IoU looks at (default ${BOUNDARY_WIDTH})
  --sizes LIST         sizes to time, as 256x256,640x480 (default: half, once and 1.5 times the pictures' size; none: none)
  --weights FILE       checkpoint: path or URL (default: the small one that ships with the package)
  --out DIR            folder for the results (default: out/compare)
  --resume             go on with the results in --out; pictures already there are not run again
  --fresh              replace the results in --out
  --shard i/n          only every n-th picture, i from 1 to n: for n machines with an --out each
  --merge              the inputs are --out folders of shards; adds them up without running anything
  --precision P        how numbers are stored between layers: f32 (default), f16 (half the memory), or auto: f16
                       where there are tensor cores
  --no-tune            take the likely kernel variants instead of measuring once which are fastest on this GPU
  --adapter NAME       part of the name of the graphics adapter to use
  --json               the numbers as one JSON object on stdout, and nothing else

Exit code 1 when a picture failed (the others are done), 2 when called wrongly, 130 when stopped by Ctrl-C.`;

const OPTIONS = {
  labels: { type: "string" },
  voc: { type: "string" },
  split: { type: "string", default: "val" },
  variants: { type: "string" },
  "boundary-width": { type: "string", default: String(BOUNDARY_WIDTH) },
  sizes: { type: "string" },
  weights: { type: "string" },
  out: { type: "string", default: "out/compare" },
  resume: { type: "boolean", default: false },
  fresh: { type: "boolean", default: false },
  shard: { type: "string" },
  merge: { type: "boolean", default: false },
  precision: { type: "string", default: "f32" },
  "no-tune": { type: "boolean", default: false },
  adapter: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parse<typeof OPTIONS>>["values"];

/** "256x256,640x480"; undefined for the default, [] for "none". */
function parseSizes(text: string | undefined): [number, number][] | undefined {
  if (text === undefined) return undefined;
  if (text === "none") return [];
  return text.split(",").map((part) => {
    const [, width, height] = /^\s*(\d{1,5})x(\d{1,5})\s*$/.exec(part)?.map(Number) ?? [];
    if (!width || !height)
      throw new UsageError(`compare: --sizes ${text} is not a list of sizes, as in 256x256,640x480`);
    return [width, height];
  });
}

/** Undefined for what the checkpoint has. */
function variantsOf({ variants }: Values): ComparedVariant[] | undefined {
  const named = variants?.split(",").map((name) => oneOf("compare", "variants", name.trim(), COMPARABLE));
  const problem = mixtureProblem(named ?? []);
  if (problem !== undefined) throw new UsageError(problem);
  return named;
}

async function itemsOf(values: Values, inputs: readonly string[]): Promise<Item[]> {
  if (values.voc !== undefined && inputs.length)
    throw new UsageError(`compare: --voc has its own list of pictures; leave out ${inputs.join(" ")}`);
  if (values.voc === undefined && !inputs.length)
    throw new UsageError("compare: name pictures, a folder or a pattern, or a PASCAL VOC folder with --voc");
  const items =
    values.voc === undefined
      ? await listPictures("compare", inputs, values.labels)
      : await listVoc("compare", values.voc, values.split);
  return values.shard === undefined ? items : shardOf("compare", items, values.shard);
}

async function run(values: Values, inputs: readonly string[]): Promise<{ summary: Summary; stopped: boolean }> {
  const variants = variantsOf(values);
  const boundaryWidth = Number(values["boundary-width"]);
  if (!Number.isInteger(boundaryWidth) || boundaryWidth < 1)
    throw new UsageError(`compare: --boundary-width ${values["boundary-width"]} is not a whole number of 1 or more`);
  const precision = oneOf("compare", "precision", values.precision, PRECISIONS);
  const sizes = parseSizes(values.sizes);
  if (values.resume && values.fresh)
    throw new UsageError("compare: --resume keeps the results, --fresh replaces them; give one");
  const items = await itemsOf(values, inputs);
  await outputFolder("compare", values.out);

  const { comparison, checkpoint, device, header } = await openComparison({
    variants,
    weights: values.weights,
    boundaryWidth,
    precision,
    tune: !values["no-tune"],
    adapter: values.adapter,
  });
  const log = await ResultLog.open(values.out, header, values.fresh ? "fresh" : values.resume ? "resume" : "new");
  const done = new Map(log.records.flatMap((r) => ("picture" in r ? [[r.picture, r] as const] : [])));
  const keeper = await Keeper.open(values.out, (name) => {
    const record = done.get(name);
    return record && "ms" in record ? summarisePicture(header, record).score : undefined;
  });
  let stopped = false;
  const interrupt = (): void => {
    if (stopped) process.exit(130);
    stopped = true;
    printError(
      "\nfcn compare: stopping after this picture; what is done is kept, --resume goes on (Ctrl-C again: stop at once)",
    );
  };
  process.on("SIGINT", interrupt);
  try {
    const job = {
      header,
      comparison,
      log,
      keeper,
      onFailure: (message: string) => printError(`fcn: ${message}`),
      stopped: () => stopped,
    };
    await runComparison(
      items.filter((item) => !done.has(item.key)),
      job,
    );
    const pictures = log.records.filter((r): r is PictureRecord => "ms" in r);
    if (sizes === undefined || sizes.length) await measureCosts(sizesToMeasure(sizes, pictures), job);
  } finally {
    process.off("SIGINT", interrupt);
    await log.close();
    comparison.dispose();
    await checkpoint.close();
    device.dispose();
  }
  return { summary: summarise(header, log.records), stopped };
}

export const compare: Command = {
  name: "compare",
  summary: "what 32s, 16s and 8s cost and gain: table, plots and a report",
  usage: USAGE,
  async run(args) {
    const { values, positionals, given } = parse("compare", args, OPTIONS);
    let summary: Summary;
    let stopped = false;
    if (values.merge) {
      const others = Object.keys(OPTIONS).filter((name) => !["merge", "out", "json"].includes(name));
      refuse("compare", given, others, "is of no use with --merge, which adds up results that are there");
      if (!positionals.length) throw new UsageError("compare: --merge takes the --out folders of the shards");
      const { header, records } = await mergeLogs(positionals);
      await outputFolder("compare", values.out);
      summary = summarise(header, records);
    } else {
      if (values.voc === undefined)
        refuse("compare", given, ["split"], "names a list of PASCAL VOC; give its folder with --voc");
      else refuse("compare", given, ["labels"], "is of no use with --voc, which has label maps of its own");
      ({ summary, stopped } = await run(values, positionals));
    }
    const files = await writeReport(summary, values.out, values.merge ? positionals : [values.out]);
    if (values.json) print(JSON.stringify(reportJson(summary)));
    else print(`${textReport(summary)}\n\n${files.map((file) => join(values.out, file)).join("\n")}`);
    return stopped ? 130 : summary.failures.length ? 1 : 0;
  },
};
