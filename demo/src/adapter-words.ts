/** What computes, in words: drivers call themselves by names that only their authors know. */
import type { Adapter } from "./messages.js";

const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/^unnamed software/, "A software adapter (CPU)"],
  [/^unnamed/, "A GPU without a name"],
  [/swiftshader/i, "SwiftShader (CPU)"],
  [/llvmpipe/i, "Mesa llvmpipe (CPU)"],
  [/warp|basic render/i, "WARP (CPU)"],
];

export function adapterWords({ label, software }: Pick<Adapter, "label" | "software">): string {
  const known = KNOWN.find(([pattern]) => pattern.test(label));
  if (known) return known[1];
  const name = label.trim() === "" ? "unnamed" : label;
  return software ? `${name} (CPU)` : `${name} (GPU)`;
}

/** A network's description without the words of its authors ("16 planes" are a width), and with names unbroken. */
export const networkWords = (description: string): string =>
  description
    .replace(/^fcn-webgpu /, "")
    .replaceAll("ResNet-", "ResNet\u2011")
    .replace(/, (\d+) planes/, (_, width: string) => `, ${Number(width) / 64} of the published width`)
    .replace(/heads ([\w, -]+?)(?=, \d+ class)/, (_, heads: string) => `heads ${headNames(heads)}`);

const headNames = (heads: string): string =>
  heads
    .split(", ")
    .map((head) => head.replace(/^fcn(\d+s)$/, "$1"))
    .sort((a, b) => Number.parseInt(b) - Number.parseInt(a))
    .join(", ");
