/** Whether the devices of `fcn segment --devices` may share the pictures of one run. */
import { UsageError } from "./command.js";

/** What is looked at of a network on a device. */
export interface OnDevice {
  readonly device: { readonly label: string };
  readonly precision: string;
}

/** WebGPU finds adapters by name only, so the same name is the same device. @throws UsageError */
function refuseTwice(fcns: readonly OnDevice[]): void {
  const labels = fcns.map(({ device }) => device.label);
  const twice = labels.find((label, i) => labels.indexOf(label) < i);
  if (twice === undefined) return;
  const cure = "name different ones; for equal GPUs run one process each with --shard, where only that GPU is visible";
  throw new UsageError(`segment: --devices names "${twice}" twice; ${cure}`);
}

/** With --precision auto each device has its own. A record has one, and labels would depend on who did a picture. */
function refuseMixed([first, ...others]: readonly OnDevice[]): void {
  const other = others.find(({ precision }) => precision !== first?.precision);
  if (!first || !other) return;
  const [one, two] = [first, other].map(({ device, precision }) => `${precision} on "${device.label}"`);
  throw new UsageError(
    `segment: --precision auto is ${one} and ${two}; one run has one precision, so give --precision f32 or f16`,
  );
}

/** @throws UsageError for devices that are one, or that compute in different precisions */
export function refuseUnfit(fcns: readonly OnDevice[]): void {
  refuseTwice(fcns);
  refuseMixed(fcns);
}
