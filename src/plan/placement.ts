/**
 * Where the tensors of a plan lie: in slabs of the arena, or in textures that are used again. Pure: nothing is created
 * here.
 */
import { layouts } from "../kernel/layout.js";
import type { TextureExtent } from "../kernel/texture.js";
import { planArena } from "./arena.js";
import type { Placement } from "./arena.js";
import type { Lowered, Physical, Step } from "./lower.js";

interface Uses {
  /** First and last step that use a tensor, inclusive. */
  readonly from: number;
  readonly to: number;
}

export interface TensorPlacements {
  /** Bytes of each slab. */
  readonly slabs: readonly number[];
  readonly inSlabs: ReadonlyMap<Physical, Placement & { readonly bytes: number }>;
  readonly textures: readonly { readonly label: string; readonly extent: TextureExtent }[];
  /** Index into `textures` of each tensor that lives in one. */
  readonly inTextures: ReadonlyMap<Physical, number>;
}

/** Places every tensor that the steps make. @throws limit-too-small when one exceeds `maxBufferSize` bytes */
export function placeTensors(lowered: Lowered, maxBufferSize: number): TensorPlacements {
  const uses = usesOf(lowered);
  return { ...placeInSlabs(lowered, uses, maxBufferSize), ...placeInTextures(uses) };
}

/** Outputs of the plan live to its end. */
function usesOf({ steps, outputs }: Lowered): Map<Physical, Uses> {
  const kept = new Set(outputs.values());
  const uses = new Map<Physical, Uses>();
  for (const step of steps) {
    for (const tensor of Object.values(step.outputs)) {
      const readers = steps.flatMap((reader, i) => (Object.values(reader.tensors).includes(tensor) ? [i] : []));
      const last = kept.has(tensor) ? steps.length : Math.max(tensor.step, ...readers);
      uses.set(tensor, { from: tensor.step, to: last });
    }
  }
  return uses;
}

function placeInSlabs({ steps }: Lowered, uses: ReadonlyMap<Physical, Uses>, maxBufferSize: number) {
  const tensors = [...uses.keys()].filter((tensor) => layouts[tensor.layout].extent === undefined);
  const index = new Map(tensors.map((tensor, i) => [tensor, i]));
  const lifetimes = tensors.map((tensor) => {
    const { from, to } = uses.get(tensor) as Uses;
    const producer = steps[tensor.step] as Step;
    // One dispatch must not read and write one buffer.
    const apart = new Set(Object.values(producer.tensors).flatMap((input) => index.get(input) ?? []));
    return { name: tensor.name, bytes: layouts[tensor.layout].byteSize(tensor.shape), from, to, apart };
  });
  const { slabs, placements } = planArena(lifetimes, maxBufferSize);
  const inSlabs = new Map(
    tensors.map((tensor, i) => {
      const { bytes } = lifetimes[i] as { bytes: number };
      return [tensor, { ...(placements[i] as Placement), bytes }];
    }),
  );
  return { slabs, inSlabs };
}

/**
 * Textures cannot overlap. A dead one is used again by a tensor whose planes have the same geometry, because then its
 * columns of zeros stay zero.
 */
function placeInTextures(uses: ReadonlyMap<Physical, Uses>) {
  const pool: { readonly geometry: string; lastUse: number }[] = [];
  const textures: { label: string; extent: TextureExtent }[] = [];
  const inTextures = new Map<Physical, number>();
  for (const [tensor, { from, to }] of uses) {
    const extent = layouts[tensor.layout].extent?.(tensor.shape);
    if (!extent) continue;
    const geometry = `${tensor.shape[2]}x${tensor.shape[3]} ${extent.width}x${extent.height}`;
    let index = pool.findIndex((texture) => texture.geometry === geometry && texture.lastUse < from);
    if (index < 0) {
      index = pool.length;
      pool.push({ geometry, lastUse: to });
      textures.push({ label: tensor.name, extent });
    }
    (pool[index] as { lastUse: number }).lastUse = to;
    inTextures.set(tensor, index);
  }
  return { textures, inTextures };
}
