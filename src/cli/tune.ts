/** `fcn tune`: measures kernel variants on this GPU and remembers the fastest, for the picture sizes given. */
import { defined } from "../base/defined.js";
import { VARIANTS } from "../models/load.js";
import { PRECISIONS } from "../models/precision.js";
import { loadFcn, requestDevice } from "../node.js";
import { WEIGHTS_NAMES } from "../weights/catalogue.js";
import { UsageError, decimalOf, listOf, oneOf, parse } from "./command.js";
import type { Command } from "./command.js";
import { checkWeights } from "./files.js";
import { print } from "./output.js";

const USAGE = `fcn tune [--sizes LIST] [--weights FILE] [--variant NAME] [options]

Kernel variants are chosen by estimates. This measures the likeliest of them on
this GPU and remembers the fastest; every later run of a network on this machine
uses them. Sizes within a quarter more pixels share a choice. A software adapter
has nothing to choose.

  --sizes LIST      picture sizes, N or WIDTHxHEIGHT (default: 512)
  --weights FILE    checkpoint: a path, a URL, or a name that fcn weights
                    lists (default: photos, which ships with the package)
  --variant NAME    network (default: the finest that the weights have)
  --precision P     f32 (default), f16, or auto: f16 where there are tensor
                    cores
  --seconds N       time to measure in all (default: 10)
  --adapter NAME    the graphics adapter whose name contains NAME

Exit code 1 when it failed, 2 when called wrongly.`;

const OPTIONS = {
  sizes: { type: "string", list: true, default: "512" },
  weights: { type: "string" },
  variant: { type: "string" },
  precision: { type: "string", default: "f32" },
  seconds: { type: "string", default: "10" },
  adapter: { type: "string" },
} as const;

const MS_PER_SECOND = 1000;
const MOST_SECONDS = 3600;

/** "512" or "640x480" as [width, height]. */
function sizeOf(text: string): readonly [number, number] {
  const [, width, height = width] = /^([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?$/.exec(text) ?? [];
  if (width === undefined) throw new UsageError(`tune: --sizes ${text} is neither N nor WIDTHxHEIGHT`);
  return [Number(width), Number(height)];
}

function secondsOf(text: string): number {
  const seconds = decimalOf(text);
  if (seconds > 0 && seconds <= MOST_SECONDS) return seconds;
  throw new UsageError(`tune: --seconds ${text} is not a number above 0 and up to ${MOST_SECONDS}`);
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse("tune", args, OPTIONS);
  if (positionals.length > 0) throw new UsageError(`tune: takes no pictures; sizes go into --sizes`);
  const sizes = listOf(values.sizes).map(sizeOf);
  const variant = values.variant === undefined ? undefined : oneOf("tune", "variant", values.variant, VARIANTS);
  const precision = oneOf("tune", "precision", values.precision, PRECISIONS);
  const tune = secondsOf(values.seconds) * MS_PER_SECOND;
  if (values.weights !== undefined) await checkWeights("tune", values.weights);
  const device = await requestDevice(defined({ adapter: values.adapter }));
  if (device.software) {
    print(
      `${device.label} is a software adapter: its kernel variants are chosen by size, and there is nothing to tune.`,
    );
    return 0;
  }
  const fcn = await loadFcn({ device, tune, precision, ...defined({ variant, weights: values.weights }) });
  for (const [width, height] of sizes) {
    const start = performance.now();
    await fcn.warmup(height, width);
    print(`${width}x${height}: tuned in ${((performance.now() - start) / MS_PER_SECOND).toFixed(1)} s`);
  }
  fcn.dispose();
  device.dispose();
  return 0;
}

export const tune: Command = {
  name: "tune",
  usage: USAGE,
  options: OPTIONS,
  choices: { variant: VARIANTS, precision: PRECISIONS, weights: WEIGHTS_NAMES },
  words: [],
  run,
};
