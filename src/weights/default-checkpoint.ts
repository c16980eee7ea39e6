/** The checkpoint that ships with the package, and a check that the bytes read are the bytes shipped. */
import { toHex } from "../base/hex.js";
import { badWeights, bufferSource } from "./source.js";
import type { ByteSource } from "./source.js";

/** As in weights/manifest.json (a test compares the two). */
export const DEFAULT_CHECKPOINT = {
  file: "fcn-resnet101-w16-icons-f16.safetensors",
  sha256: "8a974e3920ec5d6ba9a5e7c4491b4034f5dbec0dcb65433db2d1f5b2f992e61f",
} as const;

/** Next to this module in the sources, in the build and, as an asset, in a bundle. */
export function defaultCheckpointUrl(): URL {
  // Bundlers find the asset by this expression, so the name is written out once more.
  return new URL("../../weights/fcn-resnet101-w16-icons-f16.safetensors", import.meta.url);
}

/** Reads all of `source` and compares its SHA-256. @throws bad-weights with both digests */
export async function verified(source: ByteSource, sha256: string): Promise<ByteSource> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await source.read(0, source.size);
  } finally {
    await source.close();
  }
  const digest = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  if (digest !== sha256.toLowerCase()) {
    throw badWeights(
      source.name,
      `sha256 is ${digest}, expected ${sha256}; the file was changed or its download went wrong`,
    );
  }
  return bufferSource(bytes, source.name);
}
