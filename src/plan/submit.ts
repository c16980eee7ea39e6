/**
 * Encodes the commands of one run of a plan and submits them. A GPU gets them in parts, so that it works while the next
 * part is encoded.
 */
import type { Device } from "../gpu/device.js";
import { encodeDispatch } from "../gpu/dispatch.js";
import type { Dispatch } from "../gpu/dispatch.js";
import { encodeTransfer } from "../gpu/memory.js";
import type { Transfer } from "./inputs.js";
import type { TimedPass, TimesStages } from "./stages/stages.js";

/** What a run computes. */
interface Work {
  readonly dispatches: readonly Dispatch[];
  readonly timer?: TimesStages | undefined;
}

/** What a run copies before and after its dispatches. */
interface Copies {
  /** Tensors to inputs. */
  readonly before: readonly Transfer[];
  /** Outputs to staging buffers or tensors. */
  readonly after?: (encoder: GPUCommandEncoder) => void;
}

/**
 * Dispatches of a part. A small network's take a GPU about as long as encoding takes the host, 5 to 8 microseconds
 * each. Submitting takes about 30 more, so parts are not smaller.
 */
const PART = 16;

export function submitRun({ gpu, software }: Device, { dispatches, timer }: Work, { before, after }: Copies): void {
  const count = dispatches.length;
  // A software adapter encodes on the cores that it computes on, and stages are timed as one piece of work.
  const isSplit = !software && !timer;
  let encoder = gpu.createCommandEncoder();
  for (const { from, to } of before) encodeTransfer(encoder, from, to);
  let from = 0;
  while (isSplit && count - from >= 2 * PART) {
    encodePass(encoder, dispatches, { from, to: from + PART, descriptor: {} });
    gpu.queue.submit([encoder.finish()]);
    encoder = gpu.createCommandEncoder();
    from += PART;
  }
  const passes = timer?.passes ?? [{ from, to: count, descriptor: {} }];
  for (const pass of passes) encodePass(encoder, dispatches, pass);
  timer?.encode(encoder);
  after?.(encoder);
  gpu.queue.submit([encoder.finish()]);
}

function encodePass(
  encoder: GPUCommandEncoder,
  dispatches: readonly Dispatch[],
  { from, to, descriptor }: Omit<TimedPass, "stage">,
): void {
  const pass = encoder.beginComputePass(descriptor);
  for (let i = from; i < to; i++) encodeDispatch(pass, dispatches[i] as Dispatch);
  pass.end();
}
