/** The option `tune` of loading and comparing. */
import { badOption } from "../base/errors.js";
import type { TuningStore } from "./tuning-store.js";

/** True for 2 seconds of measuring at most, a number of milliseconds, or false for no choices of earlier sessions. */
export type TuneOption = boolean | number;

export const TUNE_KIND = "a boolean or number of milliseconds";

/** Milliseconds that `tune: true` may take. */
const DEFAULT_BUDGET = 2000;

/** @throws bad-option for a negative number */
export function checkTune(tune: TuneOption | undefined): void {
  if (typeof tune === "number" && !(tune >= 0)) throw badOption(`tune must be 0 ms or more, got ${tune}`);
}

/** The store to use, and the milliseconds that measuring may take. */
export function tuningOf(
  tune: TuneOption | undefined,
  store: TuningStore | undefined,
): { readonly tuning: TuningStore | undefined; readonly tuneBudget: number } {
  if (tune === false) return { tuning: undefined, tuneBudget: 0 };
  const budget = tune === true ? DEFAULT_BUDGET : tune;
  return { tuning: store, tuneBudget: budget ?? 0 };
}
