/**
 * Weights by name, so that nobody has to know an address: those that ship with the package, and those that torchvision
 * publishes. Kept small, because every page loads it: sizes, digests and licences are in catalogue-facts.ts.
 * https://docs.pytorch.org/vision/stable/models.html
 */
import { isFcnError } from "../base/errors.js";
import {
  DEFAULT_CHECKPOINT,
  ICONS_CHECKPOINT,
  defaultCheckpointUrl,
  iconsCheckpointUrl,
} from "./default-checkpoint.js";
import { badWeights } from "./source.js";

/** Where torchvision's files are. */
export const TORCHVISION_ORIGIN = "https://download.pytorch.org";

/** Names that `weights` may be. */
export type WeightsName =
  | "photos"
  | "icons"
  | "torchvision/fcn_resnet101"
  | "torchvision/fcn_resnet50"
  | "torchvision/resnet18"
  | "torchvision/resnet34"
  | "torchvision/resnet50"
  | "torchvision/resnet101"
  | "torchvision/resnet152"
  | "torchvision/mobilenet_v2";

/** The checkpoints in the package. */
type ShippedName = Extract<WeightsName, "photos" | "icons">;

const SHIPPED: Readonly<Record<ShippedName, { readonly url: () => URL; readonly sha256: string }>> = {
  photos: { url: defaultCheckpointUrl, sha256: DEFAULT_CHECKPOINT.sha256 },
  icons: { url: iconsCheckpointUrl, sha256: ICONS_CHECKPOINT.sha256 },
};

/** torchvision's files, without their ending. A download is checked against the digits of the SHA-256 in the name. */
const PUBLISHED: Readonly<Record<Exclude<WeightsName, ShippedName>, string>> = {
  "torchvision/fcn_resnet101": "fcn_resnet101_coco-7ecb50ca",
  "torchvision/fcn_resnet50": "fcn_resnet50_coco-1167a1af",
  "torchvision/resnet18": "resnet18-f37072fd",
  "torchvision/resnet34": "resnet34-b627a593",
  "torchvision/resnet50": "resnet50-0676ba61",
  "torchvision/resnet101": "resnet101-63fe2227",
  "torchvision/resnet152": "resnet152-394f9c45",
  "torchvision/mobilenet_v2": "mobilenet_v2-b0353104",
};

/** In the order in which they are listed. */
export const WEIGHTS_NAMES = Object.keys({ ...SHIPPED, ...PUBLISHED }) as WeightsName[];

export interface NamedWeights {
  readonly name: WeightsName;
  /** Where the file is published; for a file that ships, its place in the package. @throws as defaultCheckpointUrl */
  readonly url: URL;
  /** Of a file that ships. In Node nothing is downloaded for it, and a page has it among its assets. */
  readonly sha256?: string;
}

/** The weights of exactly this name. */
export function namedWeights(weights: unknown): NamedWeights | undefined {
  for (const [name, { url, sha256 }] of Object.entries(SHIPPED))
    if (name === weights)
      return {
        name: name as WeightsName,
        get url() {
          return url();
        },
        sha256,
      };
  for (const [name, file] of Object.entries(PUBLISHED))
    if (name === weights)
      return { name: name as WeightsName, url: new URL(`${TORCHVISION_ORIGIN}/models/${file}.pth`) };
  return undefined;
}

/** Whether text can only be meant as a name: `torchvision/...` without the ending that a file has. */
export const isMeantAsName = (text: string): boolean => /^torchvision\/[^.]*$/.test(text);

/** Opens published weights by `open`. A failure gets their name and what to do by hand. @throws bad-weights */
export async function withAdvice<T>({ name, url }: NamedWeights, place: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!isFcnError(error, "bad-weights")) throw error;
    const { message } = error;
    const it = message.includes(url.href) ? "it" : url.href; // a mirror's message has another address
    throw badWeights(name, `${message}; you can download ${it} yourself and ${place}`, error);
  }
}
