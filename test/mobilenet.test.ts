/** torchvision's own MobileNetV2, whose batch norms are not folded, unlike those of the weights that ship. */
import { expect, it } from "vitest";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { loadFcn } from "../src/node.js";
import type { Fcn, NodePicture } from "../src/node.js";
import { convertCheckpoint } from "../src/weights/convert-checkpoint.js";
import { openCheckpoint } from "../src/weights/open.js";
import { writeSafetensors } from "../src/weights/safetensors-writer.js";
import { bufferSource } from "../src/weights/source.js";
import { useDevice } from "./helpers/device.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { timmMobileNetV2, torchvisionMobileNetV2 } from "./helpers/published-mobilenets.js";
import { stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const PICTURE = stripedPicture(70, 45);

/** Hashed values, without the counters that PyTorch writes beside them. */
const fileOf = (specs: readonly HashedTensor[]): Promise<Uint8Array> =>
  hashedFile(specs.filter(({ name }) => !name.endsWith("num_batches_tracked")));

const load = (weights: Uint8Array, precision: "f32" | "f16" = "f32"): Promise<Fcn<NodePicture>> =>
  loadFcn({ weights, heads: "init", variant: "fcn8s", device: device(), resize: "none", precision });

/** What `fcn import --fold-bn` writes. */
async function folded(file: Uint8Array): Promise<Uint8Array> {
  const { tensors } = convertCheckpoint(await openCheckpoint(bufferSource(file, "file")), { foldBatchNorm: true });
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSafetensors(tensors)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The largest difference of two maps, over their largest value. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    worst = Math.max(worst, Math.abs((a[i] as number) - (b[i] as number)));
    largest = Math.max(largest, Math.abs(a[i] as number));
  }
  return worst / largest;
}

it.each([
  ["torchvision", torchvisionMobileNetV2],
  ["timm", timmMobileNetV2],
])("with %s's names has the features of its folded file, in f32 and f16", async (_, specs) => {
  const file = await fileOf(specs);
  const whole = await load(file);
  const names = whole.stages.map(({ name }) => name);
  const maps = await whole.features(PICTURE, names);
  const other = await load(await folded(file));
  const expected = await other.features(PICTURE, names);
  const half = await (await load(file, "f16")).features(PICTURE, names);
  const halfFolded = await (await load(await folded(file), "f16")).features(PICTURE, names);
  for (const name of names) {
    expect(maps[name]?.shape).toEqual(expected[name]?.shape);
    expect(difference(expected[name]?.data ?? [], maps[name]?.data ?? []), name).toBeLessThan(1e-5);
    expect(half[name]?.data, name).toEqual(halfFolded[name]?.data);
  }
});

it("segments and gives labels of its size", async () => {
  const fcn = await load(await fileOf(torchvisionMobileNetV2));
  const { width, height, labels } = await fcn.segment(PICTURE);
  expect([width, height, labels.length]).toEqual([70, 45, 70 * 45]);
});
