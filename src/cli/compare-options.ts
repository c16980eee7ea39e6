/** What the command line of `fcn compare` may say. */
import { BOUNDARY_WIDTH } from "../eval/boundary.js";
import type { LabelMeaning } from "../image/label-meaning.js";
import { COMPARABLE } from "../models/compared.js";
import type { ComparedVariant } from "../models/compared.js";
import { PRECISIONS } from "../models/precision.js";
import type { PrecisionOption } from "../models/precision.js";
import { WEIGHTS_NAMES } from "../weights/catalogue.js";
import { QUIET_OPTION, UsageError, listOf, oneOf } from "./command.js";
import type { parse } from "./command.js";
import { parseWeights } from "./compare-weights.js";
import { labelMeaningOf } from "./label-options.js";
import { modeOf } from "./record-log.js";
import type { LogMode } from "./record-log.js";
import { SHARD_OPTIONS } from "./shards.js";

export const COMPARE_USAGE = `fcn compare INPUT... [options]
fcn compare --list FILE [options]
fcn compare --voc DIR [--split NAME] [options]
fcn compare --merge DIR... [--out DIR] [--json]

Compares what networks cost and gain: FCN-32s, 16s and 8s of one checkpoint, or
the networks of any checkpoints with the same classes. Those with the same
backbone, in one file or in several, run over it together.

INPUT is a picture (PNG; JPEG and WebP with the package sharp), a folder, or a
quoted pattern with *, **, ?, [ab] or {a,b}. The label map of NAME.jpg is
NAME.label.png beside it. Writes results.jsonl (one line per picture),
report.html, report.json, contact-sheet.png and plots/*.svg.

  --labels DIR         label maps are DIR/NAME.png, also at the relative path of
                       the picture: DIR/a/NAME.png for photos/a/NAME.jpg
  --void LIST          values of label maps that do not count, as in 0,255
                       (default: 255 with --voc). Other values that no class has
                       do not count either, with a warning
  --map FROM=TO,...    classes of values of label maps, as in 255=15
  --voc DIR            PASCAL VOC's folder, which holds ImageSets, JPEGImages
                       and SegmentationClass
  --split NAME         PASCAL VOC's list of pictures (default: val)
  --variants LIST      of fcn32s, fcn16s, fcn8s, fcn-resnet50, fcn-resnet101
                       and fcn-resnet152: of each checkpoint those that it has
                       heads for (default: all)
  --boundary-width N   pixels on each side of a border that the boundary IoU
                       looks at (default: ${BOUNDARY_WIDTH})
  --sizes LIST         time each network at these sizes and the most common one,
                       as in 256x256,640x480; none for no timing (default: 0.5,
                       1 and 1.5 times the most common size)
  --out DIR            folder for the results (default: out/compare)
  --resume             continue the results in --out: skips pictures that have
                       results, tries failed ones again
  --fresh              replace the results in --out
  --list FILE          the pictures are named in FILE, one a line, in place of
                       INPUTs; - is stdin. fcn list makes such a file
  --shard i/n          only every n-th picture, i from 1 to n: for n machines,
                       each with its own --out; auto takes i and n from a Slurm
                       array, or i from an Indexed Job of Kubernetes
  --of N               the n of --shard auto, where the scheduler does not say
                       it
  --merge              INPUTs are --out folders of shards: adds them up without
                       running anything
  --json               print the numbers as one JSON object, and nothing else,
                       on stdout
  -q, --quiet          no notes, warnings or progress on stderr; errors remain

  --weights LIST       checkpoints, separated by commas: paths, URLs, or names
                       that fcn weights lists, as photos,net.safetensors
                       (default: photos, which ships with the package). A comma
                       in a file's name is found; in a URL it is %2C
  --class-names F      names of the classes, one a line of the file F (default:
                       those in the checkpoint, else PASCAL VOC's for 21
                       classes)
  --state-dict KEY     which of several networks in one file of weights: the
                       keys that lead to its dictionary, or the start of its
                       names
  --at-once            the networks over VGG-16 were trained at once: pool4 is
                       scaled by 0.01 and pool3 by 0.0001
  --precision P        how numbers are stored between layers: f32 (default), f16
                       (half the memory), or auto: f16 where there are tensor
                       cores
  --tune               measure the likeliest kernel variants on this GPU, for
                       two seconds at most; without it estimates choose
  --adapter NAME       the graphics adapter whose name contains NAME

Exit code 1 when a picture failed (the others are done), 2 when called wrongly,
75 when another run with --resume may do more (SIGTERM, lost device, full disk),
130 when stopped by Ctrl-C.`;

export const COMPARE_OPTIONS = {
  labels: { type: "string" },
  void: { type: "string", list: true },
  map: { type: "string", list: true },
  voc: { type: "string" },
  split: { type: "string", default: "val" },
  variants: { type: "string", list: true },
  "boundary-width": { type: "string", default: String(BOUNDARY_WIDTH) },
  sizes: { type: "string", list: true },
  weights: { type: "string", list: true },
  "class-names": { type: "string", list: true },
  "state-dict": { type: "string" },
  "at-once": { type: "boolean", default: false },
  out: { type: "string", mayBeEmpty: true, default: "out/compare" },
  resume: { type: "boolean", default: false },
  fresh: { type: "boolean", default: false },
  ...SHARD_OPTIONS,
  list: { type: "string", list: true },
  merge: { type: "boolean", default: false },
  precision: { type: "string", default: "f32" },
  tune: { type: "boolean", default: false },
  adapter: { type: "string" },
  json: { type: "boolean", default: false },
  ...QUIET_OPTION,
} as const;

/** The words that options take. */
export const COMPARE_CHOICES = { variants: COMPARABLE, precision: PRECISIONS, weights: WEIGHTS_NAMES } as const;

export type CompareValues = ReturnType<typeof parse<typeof COMPARE_OPTIONS>>["values"];

/** Options that --merge would ignore. */
export const NOT_WITH_MERGE = Object.keys(COMPARE_OPTIONS).filter(
  (name) => !["merge", "out", "json", "quiet"].includes(name),
);

export type Size = readonly [width: number, height: number];

/** "256x256,640x480"; undefined for the default, [] for "none". */
function parseSizes(text: string | undefined): Size[] | undefined {
  if (text === undefined) return undefined;
  if (text === "none") return [];
  return listOf(text).map((part) => {
    const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(part)?.map(Number) ?? [];
    if (!width || !height)
      throw new UsageError(`compare: --sizes ${text} is not a list of sizes, as in 256x256,640x480`);
    return [width, height];
  });
}

/** Undefined for all that the checkpoints have heads for. */
function parseVariants(text: string | undefined): ComparedVariant[] | undefined {
  if (text === undefined) return undefined;
  return listOf(text).map((name) => oneOf("compare", "variants", name, COMPARABLE));
}

/** @throws UsageError as parseWeights(), and where one key is said for several files */
function weightsOf({ weights, "state-dict": stateDict }: CompareValues): string[] | undefined {
  const all = weights === undefined ? undefined : parseWeights(weights);
  if (all && all.length > 1 && stateDict !== undefined)
    throw new UsageError(
      `compare: --state-dict chooses a network in one file, and --weights names ${all.length}; ` +
        "write the network to a file of its own with fcn import first",
    );
  return all;
}

function parseBoundaryWidth(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError(`compare: --boundary-width ${text} is not a whole number of 1 or more`);
  return Number(text);
}

export interface RunOptions {
  /** Undefined for what ships. */
  readonly weights: readonly string[] | undefined;
  /** Undefined for all that the checkpoints have heads for. */
  readonly variants: readonly ComparedVariant[] | undefined;
  readonly boundaryWidth: number;
  readonly precision: PrecisionOption;
  /** Sizes to time besides the most common one; undefined for the default, [] for none at all. */
  readonly sizes: readonly Size[] | undefined;
  readonly mode: LogMode;
  /** What the values of label maps mean. */
  readonly meaning: LabelMeaning;
}

/** The options of a run, checked. @throws UsageError */
export function runOptionsOf(values: CompareValues): RunOptions {
  return {
    weights: weightsOf(values),
    variants: parseVariants(values.variants),
    boundaryWidth: parseBoundaryWidth(values["boundary-width"]),
    precision: oneOf("compare", "precision", values.precision, PRECISIONS),
    sizes: parseSizes(values.sizes),
    mode: modeOf("compare", values),
    meaning: labelMeaningOf(values),
  };
}
