/** Whether a network can use what `fcn import` writes: a checkpoint can be recognised and still not fit. */
import type { Checkpoint } from "../weights/checkpoint.js";
import { inspectCheckpoint } from "./inspect-report.js";
import type { NetworkFit } from "./inspect-report.js";

const SHOWN_FAULTS = 3;

const faultsOf = ({ misshaped, unexpected, missing }: NetworkFit): string[] => [
  ...misshaped,
  ...unexpected.map((name) => `${name} is not expected`),
  ...missing.map((name) => `${name} is missing`),
];

/** What keeps all networks from loading the checkpoint; undefined where one can. A backbone alone needs no heads. */
export async function fitFault(checkpoint: Checkpoint): Promise<string | undefined> {
  const { networks, classes, architecture } = await inspectCheckpoint(checkpoint);
  if (architecture === null) return undefined; // the import itself says why
  const all = networks.map((network) => {
    const faults = faultsOf(network);
    return classes === null ? faults.filter((fault) => fault.startsWith("backbone.")) : faults;
  });
  const [fewest = []] = all.sort((a, b) => a.length - b.length);
  if (fewest.length === 0) return undefined;
  const more = fewest.length > SHOWN_FAULTS ? `, and ${fewest.length - SHOWN_FAULTS} more` : "";
  return `no network can load the result: ${fewest.slice(0, SHOWN_FAULTS).join(", ")}${more}; fcn inspect shows all`;
}
