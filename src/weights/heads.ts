/** Heads that a checkpoint may hold, by the names of their tensors. */
import type { BackboneKind } from "./backbone-kind.js";

/** The paper's networks, finest first: a file is loaded as the first. */
export const PAPER_HEADS = ["fcn8s", "fcn16s", "fcn32s"] as const;
type PaperHead = (typeof PAPER_HEADS)[number];
/** torchvision's dilated network, by its backbone. It exists for ResNets of bottlenecks. */
export const TORCHVISION_HEADS = ["fcn-resnet101", "fcn-resnet50", "fcn-resnet152"] as const;
export type TorchvisionHeadName = (typeof TORCHVISION_HEADS)[number];
/** Networks that a file's heads make. */
export type Head = PaperHead | TorchvisionHeadName;

export const isTorchvisionHead = (name: string): name is TorchvisionHeadName =>
  (TORCHVISION_HEADS as readonly string[]).includes(name);

/** The name of torchvision's network over this backbone; undefined where there is none. */
export const torchvisionHeadOf = (kind: BackboneKind): TorchvisionHeadName | undefined =>
  TORCHVISION_HEADS.find((name) => kind.family === "resnet" && name === `fcn-resnet${kind.depth}`);

/** Of pytorch-fcn's VGG networks: the last transposed convolution, whose presence tells the variant. */
const VGG_FINALS: Readonly<Record<PaperHead, string>> = { fcn8s: "upscore8", fcn16s: "upscore16", fcn32s: "upscore" };

/** Whether a tensor is part of a head that this library knows. */
export const isHead = (name: string): boolean =>
  /^(fcn(32|16|8)s|classifier|aux_classifier|score_fr|score_pool[34]|upscore(2|8|16|_pool4)?)\./.test(name);

/** A tensor whose presence says that the head is there. */
function signOf(head: Head, { family }: BackboneKind): string {
  if (isTorchvisionHead(head)) return "classifier.4.weight";
  return family === "vgg16" ? `${VGG_FINALS[head]}.weight` : `${head}.score32.weight`;
}

/** The projection to classes at the coarsest stride. Its shape says how many classes the head has. */
export function projectionOf(head: Head, kind: BackboneKind): string {
  return kind.family === "vgg16" ? "score_fr.weight" : signOf(head, kind);
}

/** Networks that the heads in a file allow, finest first. `has` tells whether it has a tensor of that name. */
export function headsIn(kind: BackboneKind, has: (name: string) => boolean): Head[] {
  const dilated = torchvisionHeadOf(kind);
  const heads: readonly Head[] = dilated === undefined ? PAPER_HEADS : [...PAPER_HEADS, dilated];
  return heads.filter((head) => has(signOf(head, kind)));
}

/** Whether torchvision's auxiliary head is there, whole and over the third stage. */
export function auxiliaryFits(kind: BackboneKind, shapeOf: (name: string) => readonly number[] | undefined): boolean {
  if (kind.family !== "resnet") return false;
  const [inner = 0] = shapeOf("aux_classifier.0.weight") ?? [];
  const [classes = 0] = shapeOf("aux_classifier.4.weight") ?? [];
  const folded = shapeOf("aux_classifier.0.bias") !== undefined;
  const norm = folded ? ["0.bias"] : ["1.weight", "1.bias", "1.running_mean", "1.running_var"];
  const stage3 = kind.width * 4 * kind.expansion;
  const needed = [inner, stage3, 3, 3, ...norm.map(() => inner), classes, inner, 1, 1, classes];
  const parts = ["0.weight", ...norm, "4.weight", "4.bias"];
  return parts.map((part) => shapeOf(`aux_classifier.${part}`)?.join()).join() === needed.join();
}
