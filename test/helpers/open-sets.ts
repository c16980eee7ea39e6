/** Sets of checkpoints, and what else a test opens: disposed after each test. */
import { afterEach } from "vitest";
import { ComparisonSet } from "../../src/models/node-comparison.js";
import type { ComparisonSetOptions } from "../../src/models/comparison-set.js";
import type { Device } from "../../src/node.js";

export type SetMembers = Parameters<typeof ComparisonSet.open>[1];

interface Sets {
  /** Opens a set on the device of the test file. */
  readonly openSet: (checkpoints: SetMembers, options?: ComparisonSetOptions) => Promise<ComparisonSet>;
  /** Disposes this after the test, too. */
  readonly keep: (...opened: { dispose(): void }[]) => void;
}

export function useSets(device: () => Device): Sets {
  const open: { dispose(): void }[] = [];
  afterEach(() => open.splice(0).forEach((one) => one.dispose()));
  const keep: Sets["keep"] = (...opened) => void open.push(...opened);
  const openSet: Sets["openSet"] = async (checkpoints, options) => {
    const set = await ComparisonSet.open(device(), checkpoints, options);
    keep(set);
    return set;
  };
  return { openSet, keep };
}
