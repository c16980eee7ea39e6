/** Numbers of the command line and of files. */
import { counted } from "../base/counted.js";
import { readInput } from "../image/open-input.js";
import { whyUnreadable } from "../image/read-file.js";
import { UsageError, decimalOf } from "./command.js";

/** What a number may be. */
interface Bounds {
  readonly least: number;
  readonly below?: number;
  readonly whole?: boolean;
}

const WHOLE = /^(0|[1-9]\d*)$/;

/** "1e-3"; a whole one has no leading zeros. Undefined where the option is not given. @throws UsageError */
export function numberOption(
  option: string,
  text: string | undefined,
  { least, below, whole }: Bounds,
): number | undefined {
  if (text === undefined) return undefined;
  const value = decimalOf(text);
  const isWhole = WHOLE.test(text) && Number.isSafeInteger(value);
  const isRight = value >= least && value < (below ?? Infinity) && (!whole || isWhole);
  if (isRight) return value;
  const most = below === undefined ? "" : ` and less than ${below}`;
  throw new UsageError(`train: --${option} ${text} is not a ${whole ? "whole " : ""}number of ${least} or more${most}`);
}

/** Bytes that are read as a list of numbers. */
const LONGEST_FILE = 2 ** 20;

/** A number a line of `--class-weights FILE`, in the order of the classes. @throws UsageError */
export async function readClassWeights(file: string | undefined, classes: number): Promise<number[] | undefined> {
  if (file === undefined) return undefined;
  const bytes = await readInput(file, LONGEST_FILE).catch((error: unknown) => {
    throw new UsageError(`train: --class-weights ${file} cannot be read: ${whyUnreadable(error)}`);
  });
  if (bytes.length > LONGEST_FILE)
    throw new UsageError(`train: --class-weights ${file} is larger than ${LONGEST_FILE} bytes; give a number a line`);
  const lines = bytes.toString("utf8").trim().split(/\s+/);
  const weights = lines.map((line) => decimalOf(line));
  const wrong = weights.findIndex((weight) => !Number.isFinite(weight));
  if (wrong >= 0)
    throw new UsageError(
      `train: --class-weights ${file}: "${lines[wrong]?.slice(0, 40) ?? ""}" is no number of 0 or more; ` +
        "it has one for each class, a line each",
    );
  if (weights.length !== classes)
    throw new UsageError(
      `train: --class-weights ${file} has ${counted(weights.length, "number")}; there are ${classes} classes`,
    );
  return weights;
}
