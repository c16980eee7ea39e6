/** The label maps that the library computes in Node with the built-in checkpoint. */
import type { Device } from "../../src/gpu/device.js";
import { toRgba } from "../../src/image/picture.js";
import { shrink } from "../../src/image/shrink.js";
import { Comparison } from "../../src/models/node-comparison.js";
import { decodePng, openCheckpoint, openSource } from "../../src/node.js";
import { defaultCheckpointUrl } from "../../src/weights/default-checkpoint.js";
import { fixture } from "./reference-maps.js";

/** @param path a PNG file of the repository, downscaled to the size given */
export async function nodeLabels(
  device: Device,
  path: string,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Readonly<Record<string, Uint8Array>>> {
  const checkpoint = await openCheckpoint(await openSource(defaultCheckpointUrl()));
  const comparison = await Comparison.open(device, checkpoint);
  const { labels } = await comparison.run(shrink(toRgba(decodePng(fixture(path))), height, width));
  comparison.dispose();
  await checkpoint.close();
  return labels;
}
