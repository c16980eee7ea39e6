/** The options of `fcn train`, and what --help says about them. */
import { QUIET_OPTION } from "./command.js";

export const TRAIN_USAGE = `fcn train DATA... [options]
fcn train --voc DIR [--split NAME] [options]
fcn train DATA... --teacher WEIGHTS [options]

Trains an FCN on labelled pictures. By default the backbone stays as it is, and
new heads learn on its features: seconds an epoch on any adapter. DATA is as in
fcn compare: pictures, a folder or a quoted pattern; the label map of
NAME.jpg is NAME.label.png beside it. Pixels with the value 255 do not count.
With --teacher pictures need no label maps.

Writes best.safetensors (the epoch with the highest mean IoU on held-out
pictures) and last.safetensors, which fcn segment, fcn compare and
PyTorch read; log.jsonl (a line for each step and epoch), report.html and state
files, from which --resume goes on.

Data
  --labels DIR         label maps are DIR/NAME.png, as in fcn compare
  --void LIST          values of label maps that do not count (default: 255)
  --map FROM=TO,...    classes of values of label maps, as in 255=15
  --voc DIR            PASCAL VOC's folder
  --split NAME         PASCAL VOC's list of pictures (default: train)
  --class-names F      names of the classes, one a line of the file F (default:
                       with --voc PASCAL VOC's, else numbers: as many classes as
                       the highest label says; with --teacher the teacher's)
  --val DIR            pictures on which each epoch is measured (default: with
                       --voc the list val, else see --hold-out)
  --val-labels DIR     their label maps
  --val-split NAME     PASCAL VOC's list of them (default: val)
  --hold-out SHARE     share of DATA that is held out to measure on, drawn with
                       --seed (default: 0.2 from 5 pictures on; 0 for none)

Teacher
  --teacher WEIGHTS    a network (a path, a URL or a name as of --weights) whose
                       probabilities pictures learn in place of label maps, for
                       its classes. Label maps that are there serve to measure
                       only: pictures that have one are held out first. Without
                       any, scores are agreement with the teacher

Network
  --weights FILE       the backbone: a path, a URL or a name (default: photos)
  --variant V          fcn32s, fcn16s or fcn8s (default: fcn8s)
  --stages             trains fcn32s first, then each finer variant from the one
                       before; its new skip scores start at zero
  --mode M             heads (default): the backbone stays as it is; all: its
                       convolutions learn too (for GPUs)
  --heads H            init (default): new heads; file: goes on with those of
                       the checkpoint
  --resize N           shorter side of pictures as the network sees them, or
                       none (default: as the checkpoint was trained)

Optimiser
  --epochs N           of each stage (default: 20, or as many as 400 steps
                       take)
  --batch N            pictures a step (default: 4)
  --optimizer O        adamw (default) or sgd
  --lr X               rate (default: adamw 2e-3 for heads, 1.5e-4 for all; sgd
                       0.1 and 0.01)
  --schedule S         poly (default), cosine or constant
  --warmup N           steps in which the rate rises (default: 0; for all a
                       tenth of the steps, 100 at most)
  --momentum X         of sgd (default: 0.9)
  --weight-decay X     of weights, not of biases (default: adamw 0.01, sgd 1e-4)
  --bias-rate X        what the rate of biases is multiplied by (default: 1)
  --loss L             mean (default) over the labelled pixels, or sum
  --class-weights F    what the loss of each class is multiplied by, one number
                       a line of the file F
  --variations N       views of each picture, itself included: the others are
                       mirrored or enlarged parts (default: 4; for all one
                       an epoch)
  --seed N             of the order, of variations and of what is held out
                       (default: 0)

Run
  --out DIR            folder for the results (default: out/train)
  --resume             go on with the training in --out, bit for bit
  --fresh              replace the training in --out
  --save-every S       seconds between writes of the state within an epoch
                       (default: 60)
  --cache MB           room for features of frozen backbones and for what the
                       teacher says of pictures (default: 512)
  --cache-folder DIR   keep both on disk in DIR, also for later trainings
  --adapter NAME       the graphics adapter whose name contains NAME
  --json               print the result as one JSON object, and nothing else, on
                       stdout
  -q, --quiet          no notes, warnings or progress on stderr; errors remain

Ctrl-C and SIGTERM end after the step and keep everything. Exit code 1 when the
training failed, 2 when called wrongly, 75 when --resume may go on by itself
(SIGTERM, lost device, full disk), 130 when stopped by Ctrl-C.`;

export const TRAIN_OPTIONS = {
  labels: { type: "string" },
  void: { type: "string", list: true },
  map: { type: "string", list: true },
  voc: { type: "string" },
  split: { type: "string", default: "train" },
  "class-names": { type: "string", list: true },
  val: { type: "string" },
  "val-labels": { type: "string" },
  "val-split": { type: "string", default: "val" },
  "hold-out": { type: "string" },
  teacher: { type: "string" },
  weights: { type: "string", default: "photos" },
  variant: { type: "string", default: "fcn8s" },
  stages: { type: "boolean", default: false },
  mode: { type: "string", default: "heads" },
  heads: { type: "string", default: "init" },
  resize: { type: "string" },
  epochs: { type: "string" },
  batch: { type: "string" },
  optimizer: { type: "string", default: "adamw" },
  lr: { type: "string" },
  schedule: { type: "string", default: "poly" },
  warmup: { type: "string" },
  momentum: { type: "string" },
  "weight-decay": { type: "string" },
  "bias-rate": { type: "string" },
  loss: { type: "string", default: "mean" },
  "class-weights": { type: "string", list: true },
  variations: { type: "string" },
  seed: { type: "string" },
  out: { type: "string", mayBeEmpty: true, default: "out/train" },
  resume: { type: "boolean", default: false },
  fresh: { type: "boolean", default: false },
  "save-every": { type: "string" },
  cache: { type: "string" },
  "cache-folder": { type: "string", mayBeEmpty: true },
  adapter: { type: "string" },
  json: { type: "boolean", default: false },
  ...QUIET_OPTION,
} as const;
