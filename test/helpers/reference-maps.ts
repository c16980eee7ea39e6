/** The pictures of samples/ and test/fixtures/val with PyTorch's label maps of the three variants. */
import { readFileSync, readdirSync } from "node:fs";
import type { Picture } from "../../src/image/picture.js";
import { decodeLabelPng, decodePng } from "../../src/image/png.js";

export interface ReferencePicture {
  /** Path without the ending, from the repository's root. */
  readonly name: string;
  readonly path: string;
  readonly picture: Picture;
  readonly truth: Uint8Array;
  /** PyTorch's label map of a variant. */
  readonly torch: (variant: string) => Uint8Array;
}

const root = new URL("../../", import.meta.url);

/** The bytes of a file; `path` starts at the repository's root. */
export function fixture(path: string): Buffer {
  return readFileSync(new URL(path, root));
}

/** All pictures of a folder, by name. */
export function referencePictures(folder: "samples" | "test/fixtures/val"): ReferencePicture[] {
  const names = readdirSync(new URL(folder, root)).filter((f) => /^[^.]+\.png$/.test(f));
  return names.sort().map((file) => {
    const base = `${folder}/${file.replace(/\.png$/, "")}`;
    const map = (kind: string): Uint8Array =>
      decodeLabelPng(fixture(`${base}.${kind}.png`), `${base}.${kind}.png`).labels;
    return {
      name: base,
      path: `${base}.png`,
      picture: decodePng(fixture(`${base}.png`), base),
      truth: map("label"),
      torch: map,
    };
  });
}

/** A file of little-endian float32 numbers. */
export function float32File(path: string): Float32Array {
  const bytes = fixture(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Largest absolute difference; NaN when anything is NaN. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return NaN;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** Share of equal values; 0 when the lengths differ. */
export function agreement(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return 0;
  let same = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) same++;
  }
  return same / a.length;
}

/** The first of the largest of each pixel's logits [C, pixels]. */
export function argmaxOf(logits: ArrayLike<number>, pixels: number): Uint8Array {
  return Uint8Array.from({ length: pixels }, (_, pixel) => {
    const at = (c: number): number => logits[c * pixels + pixel] as number;
    let best = 0;
    for (let c = 1; c < logits.length / pixels; c++) if (at(c) > at(best)) best = c;
    return best;
  });
}
