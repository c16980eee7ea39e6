/** What a variant says of the borders of its tensors: which may have one, which it needs, and which it would like. */
import { badOption } from "../base/errors.js";
import { describeValue } from "../base/options.js";
import type { Borders } from "./border.js";
import type { AnyProblem } from "./problem.js";
import type { AnyVariant } from "./variant.js";

/** Whether a tensor of the variant may have a border. */
export const mayHaveBorder = (variant: AnyVariant, key: string): boolean =>
  variant.borders?.tensors.includes(key) ?? false;

/** The borders without which the variant cannot run. */
export const neededBorders = (variant: AnyVariant, problem: AnyProblem): Borders =>
  variant.borders?.needs?.(problem) ?? {};

/** The borders that the variant would like its tensors to have. */
export const wantedBorders = (variant: AnyVariant, problem: AnyProblem): Borders =>
  widest(variant.borders?.gains?.(problem) ?? {}, neededBorders(variant, problem));

const MAX_BORDER = 9999;

/** @throws bad-option for a tensor that can have no border, and for a width that is none */
export function checkBorders(name: string, variant: AnyVariant, borders: Borders): void {
  const allowed = variant.borders?.tensors ?? [];
  for (const [key, width] of Object.entries(borders)) {
    if (!allowed.includes(key))
      throw badOption(`${name}: "${key}" can have no border; ${allowed.join(", ") || "none"} can`);
    if (!Number.isInteger(width) || width < 0 || width > MAX_BORDER)
      throw badOption(
        `${name}: the border of ${key} must be a whole number from 0 to ${MAX_BORDER}, got ${describeValue(width)}`,
      );
  }
}

/** For each tensor the wider of two borders. */
export function widest(a: Borders, b: Borders): Borders {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(keys.map((key) => [key, Math.max(a[key] ?? 0, b[key] ?? 0)]));
}
