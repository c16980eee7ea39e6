/** What a training says on stderr while it runs: a bar on a terminal, and a line for each epoch. */
import { epochScores } from "../eval/training-records.js";
import type { EpochRecord } from "../eval/training-records.js";
import { formatPercent, variantTitle } from "../eval/titles.js";
import { TEACHER_WORDS } from "../eval/truth-words.js";
import { printNote } from "./output.js";
import { duration, statusLine } from "./progress.js";
import type { TrainingWatcher } from "./train-job.js";

interface ProgressOptions {
  readonly epochs: number;
  /** Whether several variants are trained: lines then begin with theirs. */
  readonly isStaged: boolean;
}

/** Lines of epochs at most; log.jsonl has all. */
const MOST_LINES = 30;

/** Seconds of an epoch, for people. */
const secondsText = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

/** "epoch 3/20  loss 0.4121  held-out mIoU 52.3 %  pixels 88.1 %". */
function epochText(record: EpochRecord, { epochs, isStaged }: ProgressOptions): string {
  const { variant, epoch, meanLoss } = record;
  const { meanIoU, pixelAccuracy } = epochScores(record);
  const measure = record.agreementWithTeacher ? TEACHER_WORDS.meanIoU : "held-out mIoU";
  const name = isStaged ? `${variantTitle(variant)}  ` : "";
  const place =
    epoch === 0
      ? "before".padEnd(6 + 2 * String(epochs).length)
      : `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
  const loss = meanLoss === undefined ? " ".repeat(13) : `  loss ${meanLoss.toPrecision(4).padEnd(6)}`;
  const scores =
    meanIoU === undefined
      ? ""
      : `  ${measure} ${formatPercent(meanIoU).padStart(4)} %  pixels ${formatPercent(pixelAccuracy).padStart(4)} %`;
  return `${name}${place}${loss}${scores}`;
}

export interface TrainingProgress extends TrainingWatcher {
  readonly end: () => void;
}

export function trainingProgress(options: ProgressOptions): TrainingProgress {
  const line = statusLine();
  const every = Math.ceil(options.epochs / MOST_LINES);
  let epochStart = performance.now();
  let start: { readonly at: number; readonly step: number } | undefined;
  return {
    step({ step, loss, rate }, { variant, epoch, totalSteps }) {
      if (!start || step < start.step) start = { at: performance.now(), step };
      const stepped = step - start.step;
      const each = (performance.now() - start.at) / 1000 / stepped;
      const left = stepped > 0 ? `  ${duration(each * (totalSteps - step))} left` : "";
      const name = options.isStaged ? `${variantTitle(variant)}  ` : "";
      const numbers = `step ${step}/${totalSteps}  loss ${loss.toPrecision(4)}  rate ${rate.toExponential(1)}${left}`;
      line.show(step / totalSteps, `${name}epoch ${epoch}/${options.epochs}  ${numbers}`);
    },
    epoch(record, { isBest }) {
      line.clear();
      const ms = performance.now() - epochStart;
      epochStart = performance.now();
      const isShown = record.epoch < 2 || record.epoch % every === 0 || record.epoch === options.epochs;
      if (!isShown) return;
      const best = isBest ? "  best" : "";
      printNote(`${epochText(record, options)}  ${secondsText(ms)}${best}`);
    },
    warn(message) {
      line.clear();
      printNote(`fcn train: ${message}`);
    },
    end: () => line.clear(),
  };
}
