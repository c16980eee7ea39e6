/** Models from a backbone and heads in memory. Both entries share this; loadFcn needs none of it. */
import type { Abortable } from "../base/abort.js";
import { copiedArrays } from "../base/copied-arrays.js";
import { badOption } from "../base/errors.js";
import { checkKind, typeName } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { SOURCE_KIND } from "../weights/download-options.js";
import type { WeightsOptions } from "../weights/download-options.js";
import { checkCheckpoint } from "../weights/given.js";
import type { HeadWeights, HostTensors } from "./head-weights.js";
import { LOAD_KINDS, loadOpened, openWeights } from "./load.js";
import type { LoadOptions, LoadSources } from "./load.js";
import { importOwnHeads } from "./own-heads/import-own-heads.js";
import type { Fcn } from "./segmenter.js";

/** What createFcn takes in both entries, besides the backbone. */
export interface CreateOptions extends Omit<LoadOptions, "heads"> {
  /** The values are copied. Where there are several, `variant` chooses; default: the finest. */
  readonly heads: HeadWeights;
  /**
   * Whether the heads were trained on features that are aligned by corners, for heads under this library's names:
   * pictures are padded to a multiple of 32 and one more, and upsampling kernels have odd sizes
   * (docs/how-fcns-work.md). Default: as the backbone's file says (`align_corners` in its metadata), else false.
   */
  readonly alignCorners?: boolean;
}

/** A backbone that needs no source: a checkpoint that is open, or its tensors by name. */
export type OpenBackbone = Checkpoint | HostTensors;

const BACKBONE_KIND = `${SOURCE_KIND}, a Checkpoint or an object of tensors`;

export const CREATE_KINDS: Kinds<CreateOptions> & { readonly backbone: string } = {
  ...LOAD_KINDS,
  backbone: BACKBONE_KIND,
  heads: "an object of heads",
  alignCorners: "a boolean",
};

/** Options that say how to open a file. */
const OF_FILES = ["stateDict", "sha256", "cache", "onProgress", "stallTimeout"] as const;

/** `sourcesOf` gives what the entry takes from the options. @throws as loadFcn */
export async function createFrom<Image>(
  backbone: unknown,
  options: CreateOptions & WeightsOptions,
  sourcesOf: () => { readonly sources: LoadSources<Image>; readonly rest: CreateOptions & Abortable },
): Promise<Fcn<Image>> {
  checkParts(backbone, options);
  const heads = copiedArrays(options.heads);
  const { sources, rest } = sourcesOf();
  const open = (): Promise<Checkpoint> =>
    isSource(backbone) ? openWeights(sources, rest) : openedBackbone(backbone as OpenBackbone);
  return loadOpened(sources, { ...rest, heads }, open);
}

const isSource = (backbone: unknown): boolean => typeName(backbone) !== "Object";

/** @throws bad-option */
function checkParts(backbone: unknown, options: CreateOptions & WeightsOptions): void {
  if (backbone === undefined || options.heads === undefined)
    throw badOption(
      "createFcn needs a backbone and heads: " +
        'createFcn({ backbone: "net.pth", heads: { fcn8s: { "score32.weight": { shape, data }, ... } } })',
    );
  checkKind("createFcn: backbone", backbone, BACKBONE_KIND);
  const idle = isSource(backbone) ? undefined : OF_FILES.find((name) => options[name] !== undefined);
  if (idle !== undefined)
    throw badOption(`createFcn: ${idle} is for files, so it cannot go with a backbone in memory; leave it out`);
}

/** A caller's own checkpoint stays open when the result is closed. @throws bad-option, bad-weights */
async function openedBackbone(backbone: OpenBackbone): Promise<Checkpoint> {
  const { checkpointInMemory, overlaid } = await importOwnHeads();
  if (!("tensors" in backbone)) return checkpointInMemory("createFcn: backbone", backbone);
  checkCheckpoint("createFcn", backbone as Checkpoint);
  return { ...overlaid(backbone as Checkpoint, new Map()), close: () => Promise.resolve() };
}
