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

/** Of pytorch-fcn's VGG networks: the last transposed convolution, and the finest projection. */
const VGG_SIGNS: Readonly<Record<PaperHead, readonly [final: string, score: string]>> = {
  fcn8s: ["upscore8", "score_pool3"],
  fcn16s: ["upscore16", "score_pool4"],
  fcn32s: ["upscore", "score_fr"],
};

/** Whether a tensor is part of a head that this library knows. */
export const isHead = (name: string): boolean =>
  /^(fcn(32|16|8)s|classifier|aux_classifier|score_fr|score_pool[34]|upscore(2|8|16|_pool4)?)\./.test(name);

/** A tensor whose presence says that the head is there. */
const signOf = (head: Head): string => (isTorchvisionHead(head) ? "classifier.4.weight" : `${head}.score32.weight`);

function vggHeadsIn(has: (name: string) => boolean): PaperHead[] {
  const among = (sign: 0 | 1): PaperHead[] => PAPER_HEADS.filter((head) => has(`${VGG_SIGNS[head][sign]}.weight`));
  const learned = among(0);
  // Fixed kernels need not be stored. Without one, the finest projection tells which network it is.
  return learned.length > 0 ? learned : among(1).slice(0, 1);
}

/** The projection to classes at the coarsest stride. Its shape says how many classes the head has. */
export function projectionOf(head: Head, kind: BackboneKind): string {
  return kind.family === "vgg16" ? "score_fr.weight" : signOf(head);
}

/** Networks that the heads in a file allow, finest first. `has` tells whether it has a tensor of that name. */
export function headsIn(kind: BackboneKind, has: (name: string) => boolean): Head[] {
  if (kind.family === "vgg16") return vggHeadsIn(has);
  const dilated = torchvisionHeadOf(kind);
  const heads: readonly Head[] = dilated === undefined ? PAPER_HEADS : [...PAPER_HEADS, dilated];
  return heads.filter((head) => has(signOf(head)));
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
