/** `fcn segment`: pictures to label maps, overlays and logits. */
import { join } from "node:path";
import { messageOf } from "../errors.js";
import { legendOverlay } from "../image/overlay.js";
import { encodeLabelPng, encodePng } from "../image/png.js";
import { VARIANTS, loadFcn, readPicture } from "../node.js";
import type { Fcn, NodePicture, Resize, Segmentation } from "../node.js";
import { byteBar } from "./byte-bar.js";
import { UsageError, oneOf, parse, print, printError } from "./command.js";
import type { Command } from "./command.js";
import { checkInputs, outputFolder, stem, writeWhole } from "./files.js";
import { progress } from "./progress.js";

const USAGE = `fcn segment IMAGE... [options]

Writes NAME.labels.png for each PNG picture: an indexed PNG of the picture's size in the PASCAL VOC palette.

  --weights FILE   checkpoint: path or URL, of PyTorch or safetensors (default: the small one that ships with the package)
  --variant NAME   network: fcn32s, fcn16s, fcn8s, or torchvision's fcn-resnet101 (default: the finest the weights have)
  --heads init     give a backbone without a head an untrained one, whose labels mean nothing
  --resize N|none  shorter side of the picture as the network sees it (default: as the weights were trained, which is
                   520 for fcn-resnet101 and none, the picture's own size, for the others)
  --out DIR        folder for the results (default: out)
  --overlay        also NAME.overlay.png: the classes over the picture, with a legend
  --logits         also NAME.logits.f32: little endian float32, [classes, height, width]
  --adapter NAME   part of the name of the graphics adapter to use
  --json           one JSON line per picture on stdout, and nothing else

Exit code 1 when a picture failed (the others are done), 2 when called wrongly.`;

interface Job {
  readonly fcn: Fcn<NodePicture>;
  readonly out: string;
  readonly overlay: boolean;
  readonly logits: boolean;
}

async function one(path: string, job: Job): Promise<{ result: Segmentation; files: string[] }> {
  const picture = await readPicture(path);
  const result = await job.fcn.segment(picture);
  const base = join(job.out, stem(path));
  const files = [`${base}.labels.png`];
  await writeWhole(`${base}.labels.png`, encodeLabelPng(result.labels, result.width, result.height));
  if (job.overlay) {
    files.push(`${base}.overlay.png`);
    await writeWhole(`${base}.overlay.png`, encodePng(legendOverlay(picture, result.labels, job.fcn.classNames)));
  }
  if (job.logits) {
    files.push(`${base}.logits.f32`);
    const { data } = await job.fcn.logits(picture);
    await writeWhole(`${base}.logits.f32`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return { result, files };
}

const share = (pixels: number, all: number): string => `${((100 * pixels) / all).toFixed(1)} %`;
const round = (ms: number): number => Math.round(ms * 10) / 10;

function describe(path: string, { result, files }: { result: Segmentation; files: readonly string[] }): string {
  const { width, height, classes, names, pixels, timings } = result;
  const found = classes.map((c, i) => `${names[i] ?? c} ${share(pixels[c] ?? 0, width * height)}`).join(", ");
  return `${path}  ${width} x ${height}  ${round(timings.total)} ms  ${found}\n  -> ${files.join(", ")}`;
}

function resizeOf(text: string): Resize {
  if (text === "none") return text;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`segment: --resize ${text} is neither "none" nor a whole number of pixels`);
}

export const segment: Command = {
  name: "segment",
  summary: "label maps, overlays and logits of pictures",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = parse("segment", args, {
      variant: { type: "string" },
      weights: { type: "string" },
      heads: { type: "string", default: "file" },
      resize: { type: "string" },
      out: { type: "string", default: "out" },
      overlay: { type: "boolean", default: false },
      logits: { type: "boolean", default: false },
      adapter: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const variant = values.variant === undefined ? {} : { variant: oneOf("segment", "variant", values.variant, VARIANTS) };
    const heads = oneOf("segment", "heads", values.heads, ["file", "init"]);
    const resize = values.resize === undefined ? {} : { resize: resizeOf(values.resize) };
    if (positionals.length === 0) throw new UsageError("segment: name at least one picture, as in fcn segment photo.png");
    await checkInputs("segment", positionals);
    if (values.weights !== undefined && !/^[a-z]+:\/\//i.test(values.weights)) await checkInputs("segment", [values.weights]);
    await outputFolder("segment", values.out);

    const start = performance.now();
    const weights = values.weights === undefined ? {} : { weights: values.weights };
    const gpu = values.adapter === undefined ? {} : { gpu: { adapter: values.adapter } };
    const transfer = byteBar();
    const fcn = await loadFcn({ heads, ...variant, ...resize, ...weights, ...gpu, onProgress: (at) => transfer.show("downloading", at) }).finally(transfer.clear);
    const load = performance.now() - start;
    if (values.weights !== undefined) printError(`fcn: ${values.weights} is ${fcn.description}; runs as ${fcn.variant}`);
    if (fcn.notice !== undefined) printError(`fcn: WARNING: ${fcn.notice}`);
    const bar = progress(positionals.length);
    let failed = 0;
    for (const path of positionals) {
      try {
        const done = await one(path, { fcn, out: values.out, overlay: values.overlay, logits: values.logits });
        bar.clear();
        print(values.json ? JSON.stringify(record(path, done.result, fcn, load)) : describe(path, done));
      } catch (error) {
        failed++;
        bar.clear();
        printError(`fcn: ${messageOf(error)}`);
        if (fcn.device.disposed) break;
      }
      bar.step(path);
    }
    fcn.dispose();
    return failed ? 1 : 0;
  },
};

function record(image: string, result: Segmentation, fcn: Fcn<NodePicture>, load: number): Record<string, unknown> {
  const { width, height, classes, names, pixels, timings } = result;
  const ms = { load: round(load), compile: round(timings.compile), run: round(timings.total - timings.compile) };
  const notice = fcn.notice === undefined ? {} : { notice: fcn.notice };
  return { image, width, height, variant: fcn.variant, classes, names, pixels, ms, adapter: fcn.device.label, ...notice };
}
