/** Where the results of `fcn segment` go: files in a folder, or stdout. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Scores, Timings } from "../models/segmentation.js";
import { print, printBytes } from "./command.js";
import { writeWhole } from "./files.js";
import { encodeNpy } from "./npy.js";
import { ENDINGS, describe, encode, encodeConfidence } from "./segment-output.js";
import type { Format, Result } from "./segment-output.js";

export interface Wanted {
  readonly formats: readonly Format[];
  readonly probabilities: boolean;
  readonly logits: boolean;
}

/** A result with all that may be written of it. */
export interface Output {
  /** Below the output folder, without an ending. */
  readonly name: string;
  readonly result: Result;
  readonly probabilities?: Scores;
  readonly logits?: Scores;
  readonly timings: Timings;
}

/** Writes one picture's output, before the next one's; gives the line that tells of it, if any. */
export type Sink = (output: Output) => Promise<() => void>;

/** Of the files that each picture gets. */
export function endingsOf({ formats, probabilities, logits }: Wanted): string[] {
  return [
    ...formats.map((format) => ENDINGS[format]),
    ...(probabilities ? [ENDINGS.probabilities, ENDINGS.confidence] : []),
    ...(logits ? [ENDINGS.logits] : []),
  ];
}

const round = (ms: number): number => Math.round(ms * 10) / 10;

interface Told {
  /** One JSON line a picture, instead of words. */
  readonly json: boolean;
  readonly adapter: string;
  /** Milliseconds it took to load the network. */
  readonly load: number;
}

function record(
  { result, timings }: Output,
  files: readonly string[],
  { adapter, load }: Told,
): Record<string, unknown> {
  const { image, variant, picture, areas, classNames, notice } = result;
  const ms = { load: round(load), compile: round(timings.compile), run: round(timings.total - timings.compile) };
  return {
    image,
    width: picture.width,
    height: picture.height,
    variant,
    classes: areas.map(({ label }) => label),
    names: areas.map(({ label }) => classNames[label] ?? `class ${label}`),
    pixels: Object.fromEntries(areas.map(({ label, pixels }) => [label, pixels])),
    ms,
    adapter,
    files,
    ...(notice === undefined ? {} : { notice }),
  };
}

export function folderSink(out: string, { formats }: Wanted, told: Told): Sink {
  return async (output) => {
    const { name, result, probabilities, logits, timings } = output;
    const { width, height } = result.picture;
    const files: string[] = [];
    await mkdir(dirname(join(out, name)), { recursive: true });
    const write = async (ending: string, data: Uint8Array): Promise<void> => {
      const path = join(out, `${name}${ending}`);
      await writeWhole(path, data);
      files.push(path);
    };
    for (const format of formats) await write(ENDINGS[format], encode(format, result));
    if (probabilities) await write(ENDINGS.probabilities, encodeNpy(probabilities.data, probabilities.shape.slice(1)));
    if (result.confidence) await write(ENDINGS.confidence, encodeConfidence(result.confidence, width, height));
    if (logits)
      await write(ENDINGS.logits, new Uint8Array(logits.data.buffer, logits.data.byteOffset, logits.data.byteLength));
    return () =>
      print(
        told.json
          ? JSON.stringify(record(output, files, told))
          : `${describe(result, round(timings.total))}\n  -> ${files.join(", ")}`,
      );
  };
}

/** Nothing but the one format. */
export function stdoutSink({ formats: [format = "labels"] }: Wanted): Sink {
  return async ({ result }) => {
    await printBytes(encode(format, result));
    return () => undefined;
  };
}
