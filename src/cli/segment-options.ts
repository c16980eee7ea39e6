/** What the command line of `fcn segment` may say. */
import { defined } from "../base/defined.js";
import { PRECISIONS } from "../models/precision.js";
import { VARIANTS } from "../node.js";
import type { NodeLoadOptions, Resize } from "../node.js";
import { WEIGHTS_NAMES } from "../weights/catalogue.js";
import { QUIET_OPTION, UsageError, listOf, oneOf } from "./command.js";
import type { parse } from "./command.js";
import { FORMATS } from "./segment-output.js";
import type { Format } from "./segment-output.js";
import type { Wanted } from "./segment-sink.js";
import { SHARD_OPTIONS } from "./shards.js";
import { defaultThreads } from "./threads/picture-work.js";

export const SEGMENT_USAGE = `fcn segment INPUT... [options]
fcn segment --list FILE [options]
fcn segment --merge DIR... [--out DIR] [--json]

Labels every pixel of pictures. INPUT is a picture (PNG; JPEG and WebP with the
package sharp), a folder, a quoted pattern with *, **, ?, [ab] or {a,b}, or -
for a picture on stdin; pipes and /dev/stdin are pictures too. Results are named
after their pictures. Where two pictures have the same name, their results keep
the folders or endings that differ. A name too long for an ending is cut.

A folder or a pattern leaves out label maps and results of a picture beside
them: NAME.label.png and the names below. The last line on stderr says how many
files were left out and why. A folder that cannot be read is a warning.

  --format LIST    what to write (default: labels), of
                     labels   NAME.labels.png: an indexed PNG of the picture's
                              size in the PASCAL VOC palette
                     overlay  NAME.overlay.png: the classes over the picture,
                              with a legend
                     mask     NAME.mask.png: white where one of --classes is
                              (without it: all but the background), else black
                     json     NAME.json: pixels, share, box [x, y, width,
                              height] and connected regions of each class,
                              without regions below 0.1 % of the picture
  --classes LIST   only these classes, as in person,dog; others count as
                   background
  --probabilities  also NAME.probabilities.npy: softmax over the classes,
                   float32 [classes, height, width], for numpy.load; and
                   NAME.confidence.png: the probability of each pixel's label in
                   grey, white for 1. The format json then has its mean
  --logits         also NAME.logits.f32: little endian float32,
                   [classes, height, width]
  --overlay        also the format overlay
  -o, --out DIR    folder for the results (default: out), or - for stdout: one
                   picture in one format, or one JSON line per picture
  --json           print one JSON line per picture, with what was found, times
                   and files, and nothing else, on stdout
  -q, --quiet      no notes, warnings or progress on stderr; errors remain

For many pictures and several machines, with a record of what is done:
  --list FILE      the pictures are named in FILE, one a line, in place of
                   INPUTs; - is stdin. fcn list makes such a file
  --resume         keep a record, DIR/results.jsonl, and go on with it: skips
                   what is done, tries failed pictures again, does changed ones
                   anew
  --fresh          keep a record, and replace the one in --out
  --shard i/n      only every n-th picture, i from 1 to n. The record is
                   DIR/shards/i-of-n/results.jsonl, so shards may share --out.
                   auto takes i and n from a Slurm array, or i from an Indexed
                   Job of Kubernetes
  --of N           the n of --shard auto, where the scheduler does not say it
  --merge          INPUTs are --out folders: checks that all pictures of all
                   shards are there once, names those that are not, and writes
                   DIR/merged.jsonl. Results from other folders are linked or
                   copied into --out

  --weights FILE   checkpoint of PyTorch or safetensors: a path, a URL, or a
                   name that fcn weights lists, such as
                   torchvision/fcn_resnet101 (default: photos, which ships with
                   the package)
  --class-names F  names of the classes, one a line of the file F, for --classes
                   and all results (default: those in the checkpoint, else
                   PASCAL VOC's for 21 classes)
  --state-dict KEY which of several networks in that file: the keys that lead to
                   its dictionary ("ema.model"), or the start of its names
  --variant NAME   network: fcn32s, fcn16s, fcn8s, or torchvision's
                   fcn-resnet50 or fcn-resnet101 (default: the finest that the
                   weights have)
  --heads init     give a backbone without a head an untrained one, whose labels
                   mean nothing
  --at-once        the FCN-16s or FCN-8s over VGG-16 was trained at once: pool4
                   is scaled by 0.01 and pool3 by 0.0001. The file does not tell
  --resize N|none  shorter side of the picture as the network sees it (default:
                   as the weights were trained: 384 for photos, 520 for
                   torchvision's; none, the picture's own size, for all others).
                   A JPEG or WebP of more than 268 million pixels is shrunk to
                   this while decoding
  --draft          decode JPEGs and WebPs smaller, in a fifth of the time, where
                   --resize makes them smaller anyway. Labels near edges differ
                   a little; not with --format overlay
  --tile N         cut every picture into bands of about N rows, as the network
                   sees it, to take less GPU memory. Labels stay the same
                   (default: only pictures that do not fit are cut)
  --precision P    how numbers are stored between layers: f32 (default), f16
                   (half the memory), or auto: f16 where there are tensor cores
  --tune           measure the likeliest kernel variants on this GPU, for two
                   seconds at most; without it estimates choose
  --adapter NAME   the graphics adapter whose name contains NAME
  --devices LIST   several of them at once, as in nvidia,intel: each picture
                   goes to the one that has the least to do
  --threads N      threads that read pictures and encode results (default: one
                   less than there are cores, 1 to 8; with 0, and for fewer than
                   4 pictures, none but the one that feeds the GPU)

Every file is whole or not there, whatever ends the program.

Exit code 1 when a picture failed (the others are done), 2 when called wrongly,
75 when another run may do more: the device was lost, memory or disk were full,
a network was away; 129, 130 or 143 when ended by SIGHUP, Ctrl-C or SIGTERM.
With a record, SIGTERM and Ctrl-C end after the pictures in hand, and SIGTERM
gives 75.`;

export const SEGMENT_OPTIONS = {
  format: { type: "string", list: true },
  classes: { type: "string", list: true },
  probabilities: { type: "boolean", default: false },
  logits: { type: "boolean", default: false },
  out: { type: "string", mayBeEmpty: true, short: "o", default: "out" },
  json: { type: "boolean", default: false },
  overlay: { type: "boolean", default: false },
  weights: { type: "string" },
  "class-names": { type: "string", list: true },
  "state-dict": { type: "string" },
  variant: { type: "string" },
  heads: { type: "string", default: "file" },
  "at-once": { type: "boolean", default: false },
  resize: { type: "string" },
  draft: { type: "boolean", default: false },
  tile: { type: "string" },
  precision: { type: "string", default: "f32" },
  tune: { type: "boolean", default: false },
  adapter: { type: "string" },
  devices: { type: "string", list: true },
  threads: { type: "string" },
  list: { type: "string", list: true },
  ...SHARD_OPTIONS,
  resume: { type: "boolean", default: false },
  fresh: { type: "boolean", default: false },
  merge: { type: "boolean", default: false },
  ...QUIET_OPTION,
} as const;

/** The words that options take. */
export const SEGMENT_CHOICES = {
  format: FORMATS,
  variant: VARIANTS,
  heads: ["init"],
  precision: PRECISIONS,
  weights: WEIGHTS_NAMES,
} as const;

export type SegmentValues = ReturnType<typeof parse<typeof SEGMENT_OPTIONS>>["values"];

/** Stands for stdin among the inputs and for stdout as the output. */
export const STREAM = "-";

function parseResize(text: string): Resize {
  if (text === "none") return text;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`segment: --resize ${text} is neither "none" nor a whole number of pixels`);
}

function parseTile(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`segment: --tile ${text} is no whole number of rows`);
}

/** The formats in their own order, each once. */
function formatsOf({ format = "labels", overlay }: SegmentValues): Format[] {
  const named = listOf(format).map((name) => oneOf("segment", "format", name, FORMATS));
  return FORMATS.filter((name) => named.includes(name) || (overlay && name === "overlay"));
}

/**
 * Refuses --draft where it would change nothing, or where all pixels are needed.
 * @param resize what was asked for, or what the weights ask for
 * @throws UsageError
 */
export function checkDraft(values: SegmentValues, resize: string | number | undefined): void {
  if (!values.draft) return;
  if (formatsOf(values).includes("overlay"))
    throw new UsageError("segment: --draft does not decode the pixels that an overlay shows; leave one of them out");
  if (resize === "none")
    throw new UsageError("segment: --draft decodes pictures at the size that the network sees; give --resize N");
}

/** @throws UsageError */
export const wantedOf = (values: SegmentValues): Wanted => ({
  formats: formatsOf(values),
  probabilities: values.probabilities,
  logits: values.logits,
});

/** Refuses what stdout cannot take: it takes one picture in one format, or lines of JSON. @throws UsageError */
export function checkStream({ formats, probabilities, logits }: Wanted, pictures: number, asJson: boolean): void {
  const [only] = formats;
  if (asJson)
    throw new UsageError("segment: --json and --out - both write to stdout; --format json --out - gives JSON alone");
  if (formats.length > 1) throw new UsageError(`segment: --out - takes one format, not ${formats.join(" and ")}`);
  if (logits || (probabilities && only !== "json")) {
    const option = logits ? "--logits" : "--probabilities";
    throw new UsageError(`segment: ${option} writes files of its own, which --out - has no room for; name a folder`);
  }
  if (only === "json") return;
  if (pictures > 1)
    throw new UsageError(`segment: --out - takes one picture, ${pictures} are named; name a folder, or --format json`);
  if (process.stdout.isTTY)
    throw new UsageError("segment: --out - would write a PNG to the terminal; redirect it into a file");
}

const MOST_THREADS = 64;

/** @throws UsageError */
export function threadCount({ threads }: SegmentValues): number {
  if (threads === undefined) return defaultThreads();
  if (/^(0|[1-9]\d?)$/.test(threads) && Number(threads) <= MOST_THREADS) return Number(threads);
  throw new UsageError(`segment: --threads ${threads} is not a whole number from 0 to ${MOST_THREADS}`);
}

/** Parts of the names of adapters; undefined for the one that WebGPU prefers. @throws UsageError */
function adaptersOf({ adapter, devices }: SegmentValues): [string | undefined, ...string[]] {
  if (devices === undefined) return [adapter];
  if (adapter !== undefined) throw new UsageError("segment: --devices names all adapters, so leave --adapter out");
  const [first, ...others] = listOf(devices);
  if (!first || others.includes(""))
    throw new UsageError("segment: --devices has an empty name; write it like --devices nvidia,intel");
  return [first, ...others];
}

/** Options for loadFcn, for each device. @throws UsageError */
export function loadOptionsOf(values: SegmentValues): [NodeLoadOptions, ...NodeLoadOptions[]] {
  const { weights, "state-dict": stateDict } = values;
  const variant = values.variant === undefined ? undefined : oneOf("segment", "variant", values.variant, VARIANTS);
  const heads = oneOf("segment", "heads", values.heads, ["file", "init"]);
  const resize = values.resize === undefined ? undefined : parseResize(values.resize);
  const tile = values.tile === undefined ? undefined : parseTile(values.tile);
  const precision = oneOf("segment", "precision", values.precision, PRECISIONS);
  const [tune, atOnce] = [values.tune || undefined, values["at-once"] || undefined];
  const shared = { heads, precision, ...defined({ tune, atOnce, variant, resize, tile, weights, stateDict }) };
  const optionsFor = (adapter: string | undefined): NodeLoadOptions =>
    adapter === undefined ? shared : { ...shared, gpu: { adapter } };
  const [first, ...others] = adaptersOf(values);
  return [optionsFor(first), ...others.map(optionsFor)];
}
