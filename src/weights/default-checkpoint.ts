/** The checkpoints that ship with the package, and a check that the bytes read are the bytes shipped. */
import { toHex } from "../base/hex.js";
import { importSha256 } from "./digest/import-sha256.js";
import { badWeights, bufferSource } from "./source.js";
import type { ByteSource } from "./source.js";

/** FCNs over MobileNetV2, for photographs. As in weights/manifest.json (a test compares the two). */
export const DEFAULT_CHECKPOINT = {
  file: "fcn-mobilenet-v2-photos-f16.safetensors",
  sha256: "bc8ccccdf57fe029585881a69d95713c7fba4882ea5f33d6f17efd3f8872009b",
} as const;

/** FCNs over a ResNet-101 of 16 planes, for drawn icons. */
export const ICONS_CHECKPOINT = {
  file: "fcn-resnet101-w16-icons-f16.safetensors",
  sha256: "8a974e3920ec5d6ba9a5e7c4491b4034f5dbec0dcb65433db2d1f5b2f992e61f",
} as const;

/**
 * Where the weights are that ship and that loadFcn() takes by default. They lie next to this module in the sources, in
 * the build and, as an asset, in a bundle.
 * @throws bad-weights in a bundle that is not an ES module
 * @example
 * import { defaultCheckpointUrl } from "fcn-webgpu";
 *
 * console.log(defaultCheckpointUrl().pathname.endsWith("fcn-mobilenet-v2-photos-f16.safetensors")); // prints true
 */
export function defaultCheckpointUrl(): URL {
  try {
    // Bundlers find the asset by this expression, so the name is written out once more.
    return new URL("../../weights/fcn-mobilenet-v2-photos-f16.safetensors", import.meta.url);
  } catch (error) {
    throw badWeights("weights of the package", "this bundle has no import.meta.url; build it as an ES module", error);
  }
}

/**
 * Beside the default checkpoint. Not written as bundlers find assets: few pages use it, and they need not carry 5.7 MB.
 * A bundled page that does copies the file there.
 */
export const iconsCheckpointUrl = (): URL => new URL(ICONS_CHECKPOINT.file, defaultCheckpointUrl());

/** The platform's digest refuses as many bytes. */
const TOO_MANY_BYTES = 2 ** 31;

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length >= TOO_MANY_BYTES) return new (await importSha256()).Sha256().update(bytes).hex();
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** Reads all of `source` and compares its SHA-256. @throws bad-weights with both digests */
export async function verified(source: ByteSource, sha256: string): Promise<ByteSource> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await source.read(0, source.size);
  } finally {
    await source.close();
  }
  const digest = await sha256Of(bytes);
  if (digest !== sha256.toLowerCase()) {
    throw badWeights(
      source.name,
      `sha256 is ${digest}, expected ${sha256}; the file was changed or its download went wrong`,
    );
  }
  return bufferSource(bytes, source.name);
}
