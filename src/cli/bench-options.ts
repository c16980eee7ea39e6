/** What the command line of `fcn bench` may say. */
import { SYNTHETIC_NAMES } from "../../bench/synthetic.js";
import { FCN_VARIANTS } from "../models/fcn-head.js";
import { PRECISIONS } from "../models/precision.js";
import { wrapped } from "../base/wrapped.js";
import { WEIGHTS_NAMES } from "../weights/catalogue.js";
import { TORCHVISION_HEADS } from "../weights/heads.js";
import { QUIET_OPTION } from "./command.js";
import type { parse } from "./command.js";

/** Column of the descriptions. */
const COLUMN = 20;
const NETWORKS = [...FCN_VARIANTS, ...TORCHVISION_HEADS].join(", ");
/** It begins where the name of its option ends. */
const VARIANTS_TEXT = wrapped(
  `${" ".repeat(COLUMN)}networks, of ${NETWORKS} (default: those that the weights have heads for)`,
  " ".repeat(COLUMN),
).trimStart();

export const BENCH_USAGE = `fcn bench kernels [--filter TEXT] [options]
fcn bench models [--variants LIST] [--sizes LIST] [--weights LIST]
                 [--precision LIST] [--batch N] [--tune] [options]
fcn bench all [options of both]

kernels  Every variant of every kernel that this adapter can run, at the shapes
         of ResNet-101 and the decoders. Compares each result with a float64
         reference, then times it. Prints GPU time, the fraction of the peak
         measured on this adapter, and what bounds it: compute or memory.
models   Whole networks, from RGBA8 in memory to labels in memory. Upload and
         readback are included. Each network runs in a process of its own.

  --filter TEXT     only rows whose "kernel case variant" contains TEXT
  --variants LIST   ${VARIANTS_TEXT}
  --sizes LIST      picture sizes, N or WIDTHxHEIGHT (default: 224)
  --weights LIST    paths of checkpoints, names that fcn weights lists,
                    or any of these (default: default)
                      default                the one that ships, photos
                      synthetic              full-size ResNet-101, generated
                      synthetic-torchvision  generated, as fcn_resnet101
                      synthetic-vgg16        generated, the paper's VGG-16
  --precision LIST  of ${PRECISIONS.join(", ")} (default: f32)
  --batch N         pictures in a call (default: 1)
  --tune            measure kernel variants on this GPU first, in a process of
                    its own; without it estimates choose

  --adapter NAME    the graphics adapter whose name contains NAME
  --json            print the result as JSON, and nothing else, on stdout
  -q, --quiet       no notes, warnings or progress on stderr; errors remain
  --out DIR         also write the result to DIR/ADAPTER-DATE.json, after each
                    variant of a kernel and each network, so that Ctrl-C loses
                    only the one in hand; keeps rows of that file that this run
                    did not measure. Without it, Ctrl-C prints the rows so far
  --compare FILE    print ratios to an earlier result (with --json on stderr)
  --svg DIR         write kernels.svg (bars) and roofline.svg to DIR; without
                    kernels those of an earlier run are removed
  --csv DIR         write kernels.csv, models.csv and layers.csv to DIR, of what
                    was measured; those of an earlier run are removed

Exit code 1 when a row failed, 2 when called wrongly.`;

export const BENCH_OPTIONS = {
  filter: { type: "string", mayBeEmpty: true, default: "" },
  variants: { type: "string", list: true },
  sizes: { type: "string", list: true, default: "224" },
  weights: { type: "string", list: true, default: "default" },
  precision: { type: "string", list: true, default: "f32" },
  batch: { type: "string", default: "1" },
  tune: { type: "boolean", default: false },
  adapter: { type: "string" },
  json: { type: "boolean", default: false },
  out: { type: "string", mayBeEmpty: true },
  compare: { type: "string" },
  svg: { type: "string", mayBeEmpty: true },
  csv: { type: "string", mayBeEmpty: true },
  ...QUIET_OPTION,
} as const;

/** The words that options take. */
export const BENCH_CHOICES = {
  variants: [...FCN_VARIANTS, ...TORCHVISION_HEADS],
  precision: PRECISIONS,
  weights: ["default", ...SYNTHETIC_NAMES, ...WEIGHTS_NAMES],
} as const;

export type BenchValues = ReturnType<typeof parse<typeof BENCH_OPTIONS>>["values"];

/** Options that mean something for one part only. */
export const KERNEL_ONLY = ["filter", "svg"] as const;
export const MODEL_ONLY = ["variants", "sizes", "weights", "precision", "batch", "tune"] as const;
