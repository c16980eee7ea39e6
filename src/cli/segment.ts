/** `fcn segment`: pictures to label maps, overlays, masks, probabilities and descriptions. */
import { messageOf } from "../base/errors.js";
import { PRECISIONS } from "../models/precision.js";
import { VARIANTS, loadFcn } from "../node.js";
import type { Fcn, NodePicture, Resize } from "../node.js";
import { byteBar } from "./byte-bar.js";
import { UsageError, oneOf, parse, printError } from "./command.js";
import type { Command } from "./command.js";
import { listPictures } from "./datasets.js";
import { checkFile, outputFolder } from "./files.js";
import { outputNames, refuseToReplace } from "./segment-names.js";
import { FORMATS, chosenClasses } from "./segment-output.js";
import type { Format } from "./segment-output.js";
import { segmentAll } from "./segment-run.js";
import type { Item } from "./segment-run.js";
import { endingsOf, folderSink, stdoutSink } from "./segment-sink.js";
import type { Wanted } from "./segment-sink.js";

const USAGE = `fcn segment INPUT... [options]

Labels every pixel of pictures. INPUT is a picture (PNG; JPEG and WebP with the package sharp), a folder, a quoted pattern, or -
for a picture on stdin. Results go to --out under the picture's name; where two pictures have one name, they keep what tells them
apart: their folders, or their endings.

  --format LIST    what to write (default: labels), of
                     labels   NAME.labels.png: an indexed PNG of the picture's size in the PASCAL VOC palette
                     overlay  NAME.overlay.png: the classes over the picture, with a legend
                     mask     NAME.mask.png: white where one of --classes is (without it: all but the background), black elsewhere
                     json     NAME.json: of each class its pixels, share, box [x, y, width, height] and connected regions
  --classes LIST   only these, as person,dog; what is another class becomes background
  --probabilities  also NAME.probabilities.npy: softmax over the classes, float32 [classes, height, width], for numpy.load,
                   and NAME.confidence.png: the probability of each pixel's label in grey, white for 1; json tells its mean
  --logits         also NAME.logits.f32: little endian float32, [classes, height, width]
  -o, --out DIR    folder for the results (default: out), or - for stdout: one picture in one format, or JSON a line a picture
  --json           one JSON line per picture on stdout with what was found, times and files, and nothing else
  --overlay        the format overlay, besides the others

  --weights FILE   checkpoint: path or URL, of PyTorch or safetensors (default: the small one that ships with the package)
  --variant NAME   network: fcn32s, fcn16s, fcn8s, or torchvision's fcn-resnet101 (default: the finest the weights have)
  --heads init     give a backbone without a head an untrained one, whose labels mean nothing
  --resize N|none  shorter side of the picture as the network sees it (default: as the weights were trained, which is
                   520 for fcn-resnet101 and none, the picture's own size, for the others)
  --precision P    how numbers are stored between layers: f32 (default), f16 (half the memory), or auto: f16 where
                   there are tensor cores
  --no-tune        take the likely kernel variants instead of measuring once which are fastest on this GPU
  --adapter NAME   part of the name of the graphics adapter to use

Exit code 1 when a picture failed (the others are done), 2 when called wrongly.`;

const OPTIONS = {
  format: { type: "string" },
  classes: { type: "string" },
  probabilities: { type: "boolean", default: false },
  logits: { type: "boolean", default: false },
  out: { type: "string", short: "o", default: "out" },
  json: { type: "boolean", default: false },
  overlay: { type: "boolean", default: false },
  weights: { type: "string" },
  variant: { type: "string" },
  heads: { type: "string", default: "file" },
  resize: { type: "string" },
  precision: { type: "string", default: "f32" },
  "no-tune": { type: "boolean", default: false },
  adapter: { type: "string" },
} as const;

type Values = ReturnType<typeof parse<typeof OPTIONS>>["values"];

/** What stands for stdin among the inputs and for stdout as the output. */
const STREAM = "-";

function resizeOf(text: string): Resize {
  if (text === "none") return text;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`segment: --resize ${text} is neither "none" nor a whole number of pixels`);
}

function formatsOf({ format = "labels", overlay }: Values): Format[] {
  const named = format.split(",").map((name) => oneOf("segment", "format", name.trim(), FORMATS));
  return FORMATS.filter((name) => named.includes(name) || (overlay && name === "overlay"));
}

/** The pictures, with stdin first. */
async function itemsOf(inputs: readonly string[]): Promise<Item[]> {
  if (inputs.length === 0) throw new UsageError("segment: name at least one picture, as in fcn segment photo.png");
  const paths = inputs.filter((input) => input !== STREAM);
  if (inputs.length - paths.length > 1) throw new UsageError("segment: - (stdin) can be given once");
  const piped = paths.length < inputs.length;
  if (piped && process.stdin.isTTY)
    throw new UsageError("segment: - reads a picture from stdin, which is a terminal; redirect a file into it");
  const pictures = (await listPictures("segment", paths)).map(({ picture }) => picture);
  const images = piped ? ["stdin", ...pictures] : pictures;
  const names = outputNames(images);
  return images.map((image, i) => ({ image, name: names[i] ?? "", stdin: piped && i === 0 }));
}

/** What stdout can take: one picture in one format, or lines of JSON. */
function checkStream({ formats, probabilities, logits }: Wanted, items: readonly Item[], values: Values): void {
  const [only] = formats;
  if (values.json)
    throw new UsageError("segment: --json and --out - both write to stdout; --format json --out - gives JSON alone");
  if (formats.length > 1) throw new UsageError(`segment: --out - takes one format, not ${formats.join(" and ")}`);
  if (logits || (probabilities && only !== "json"))
    throw new UsageError(
      `segment: --${logits ? "logits" : "probabilities"} writes files of its own, which --out - has no room for; name a folder`,
    );
  if (only === "json") return;
  if (items.length > 1)
    throw new UsageError(
      `segment: --out - takes one picture, ${items.length} are named; name a folder, or --format json`,
    );
  if (process.stdout.isTTY)
    throw new UsageError("segment: --out - would write a PNG to the terminal; redirect it into a file");
}

async function load(values: Values): Promise<{ fcn: Fcn<NodePicture>; ms: number }> {
  const { weights, adapter } = values;
  const variant =
    values.variant === undefined ? {} : { variant: oneOf("segment", "variant", values.variant, VARIANTS) };
  const heads = oneOf("segment", "heads", values.heads, ["file", "init"]);
  const resize = values.resize === undefined ? {} : { resize: resizeOf(values.resize) };
  const precision = oneOf("segment", "precision", values.precision, PRECISIONS);
  if (weights !== undefined && !/^[a-z]+:\/\//i.test(weights)) await checkFile("segment", weights);
  const start = performance.now();
  const gpu = adapter === undefined ? {} : { gpu: { adapter } };
  const transfer = byteBar();
  const options = {
    heads,
    precision,
    tune: !values["no-tune"],
    ...variant,
    ...resize,
    ...(weights === undefined ? {} : { weights }),
    ...gpu,
  };
  const fcn = await loadFcn({ ...options, onProgress: (at) => transfer.show("downloading", at) }).finally(
    transfer.clear,
  );
  if (weights !== undefined) printError(`fcn: ${weights} is ${fcn.description}; runs as ${fcn.variant}`);
  if (fcn.notice !== undefined) printError(`fcn: WARNING: ${fcn.notice}`);
  return { fcn, ms: performance.now() - start };
}

export const segment: Command = {
  name: "segment",
  summary: "label maps, overlays, masks and probabilities of pictures",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = parse("segment", args, OPTIONS);
    const wanted: Wanted = { formats: formatsOf(values), probabilities: values.probabilities, logits: values.logits };
    const items = await itemsOf(positionals);
    const toStdout = values.out === STREAM;
    if (toStdout) checkStream(wanted, items, values);
    else {
      const outputs = items.flatMap(({ name }) => endingsOf(wanted).map((ending) => `${values.out}/${name}${ending}`));
      refuseToReplace(
        "segment",
        items.map(({ image }) => image),
        outputs,
      );
      await outputFolder("segment", values.out);
    }
    const { fcn, ms } = await load(values);
    try {
      const chosen = values.classes === undefined ? undefined : chosenClasses(values.classes, fcn.classNames);
      const sink = toStdout
        ? stdoutSink(wanted)
        : folderSink(values.out, wanted, { json: values.json, adapter: fcn.device.label, load: ms });
      const failed = await segmentAll(items, {
        fcn,
        chosen,
        wanted,
        sink,
        onFailure: (error) => printError(`fcn: ${messageOf(error)}`),
      });
      if (failed > 0 && items.length > 1) printError(`fcn: segment: ${failed} of ${items.length} pictures failed`);
      return failed > 0 ? 1 : 0;
    } finally {
      fcn.dispose();
    }
  },
};
