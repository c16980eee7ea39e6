/** `fcn segment`: pictures to label maps, overlays, masks, probabilities and descriptions. */
import { defined } from "../base/defined.js";
import { messageOf } from "../base/errors.js";
import { isStdin } from "../image/read-file.js";
import { loadFcn } from "../node.js";
import type { Fcn, NodePicture } from "../node.js";
import { readClassNames } from "./class-names.js";
import { UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { listPictures } from "./datasets.js";
import { checkWeights, isWeightsPath, outputFolder } from "./files.js";
import { printError, printNote } from "./output.js";
import { byteBar } from "./progress.js";
import { outputNames, refuseToReplace } from "./segment-names.js";
import {
  SEGMENT_CHOICES,
  SEGMENT_OPTIONS,
  SEGMENT_USAGE,
  STREAM,
  checkStream,
  loadOptionsOf,
  wantedOf,
} from "./segment-options.js";
import type { SegmentValues } from "./segment-options.js";
import { chosenClasses } from "./segment-output.js";
import { segmentAll } from "./segment-run.js";
import type { SegmentInput } from "./segment-run.js";
import { endingsOf, folderSink, stdoutSink } from "./segment-sink.js";
import type { Wanted } from "./segment-sink.js";

/** The name of the picture on stdin. */
const STDIN = "stdin";

/** The pictures, with stdin first. @throws UsageError */
async function inputsOf(inputs: readonly string[]): Promise<SegmentInput[]> {
  if (inputs.length === 0) throw new UsageError("segment: name at least one picture, as in fcn segment photo.png");
  const paths = inputs.filter((input) => input !== STREAM);
  const piped = paths.length < inputs.length;
  const streams = inputs.filter((input) => input === STREAM || isStdin(input));
  if (streams.length > 1) throw new UsageError("segment: - (stdin) can be given once");
  if (streams.length && process.stdin.isTTY)
    throw new UsageError("segment: - reads a picture from stdin, which is a terminal; redirect a file into it");
  const pictures = (await listPictures("segment", paths)).map(({ picture }) => picture);
  const images = piped ? [STDIN, ...pictures] : pictures;
  const names = outputNames(images);
  return images.map((image, i) => ({ image, name: names[i] ?? "", stdin: piped && i === 0 }));
}

/** Makes the folder. @throws UsageError when a result would replace one of the pictures */
async function prepareFolder(folder: string, wanted: Wanted, inputs: readonly SegmentInput[]): Promise<void> {
  const endings = endingsOf(wanted);
  const outputs = inputs.flatMap(({ name }) => endings.map((ending) => `${folder}/${name}${ending}`));
  const pictures = inputs.map(({ image }) => image);
  refuseToReplace("segment", pictures, outputs);
  await outputFolder("segment", folder);
}

interface Loaded {
  readonly fcn: Fcn<NodePicture>;
  /** Milliseconds it took. */
  readonly ms: number;
}

async function load(values: SegmentValues): Promise<Loaded> {
  const classNames = await readClassNames("segment", values["class-names"]);
  const options = { ...loadOptionsOf(values), ...defined({ classNames }) };
  const { weights } = values;
  if (weights !== undefined && isWeightsPath(weights)) await checkWeights("segment", weights);
  const start = performance.now();
  const transfer = byteBar();
  const loading = loadFcn({ ...options, onProgress: (count) => transfer.show("downloading", count) });
  const fcn = await loading.finally(transfer.clear);
  if (weights !== undefined) printNote(`fcn: ${weights} is ${fcn.description}; runs as ${fcn.variant}`);
  if (fcn.notice !== undefined) printNote(`fcn: WARNING: ${fcn.notice}`);
  return { fcn, ms: performance.now() - start };
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse("segment", args, SEGMENT_OPTIONS);
  const wanted = wantedOf(values);
  const inputs = await inputsOf(positionals);
  const toStdout = values.out === STREAM;
  if (toStdout) checkStream(wanted, inputs.length, values.json);
  else await prepareFolder(values.out, wanted, inputs);
  const { fcn, ms } = await load(values);
  try {
    const chosen = values.classes === undefined ? undefined : chosenClasses(values.classes, fcn.classNames);
    const sink = toStdout
      ? stdoutSink(wanted)
      : folderSink(values.out, wanted, { json: values.json, adapter: fcn.device.label, load: ms });
    const onFailure = (error: unknown): void => printError(`fcn: ${messageOf(error)}`);
    const failed = await segmentAll(inputs, { fcn, chosen, wanted, sink, onFailure });
    if (failed > 0 && inputs.length > 1) printError(`fcn: segment: ${failed} of ${inputs.length} pictures failed`);
    return failed > 0 ? 1 : 0;
  } finally {
    fcn.dispose();
  }
}

export const segment: Command = {
  name: "segment",
  summary: "label every pixel: maps, overlays, masks, probabilities, JSON",
  usage: SEGMENT_USAGE,
  options: SEGMENT_OPTIONS,
  choices: SEGMENT_CHOICES,
  run,
};
