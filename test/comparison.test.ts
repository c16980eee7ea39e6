/** A comparison gives the results of each network alone, and its stages, costs and memory add up. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { BUFFER, MAP_MODE_READ } from "../src/gpu/flags.js";
import { COMPARED, SHARED, variantsByBackbone } from "../src/models/compared.js";
import { Comparison } from "../src/models/node-comparison.js";
import { loadFcn, openSource } from "../src/node.js";
import { toRgba } from "../src/image/picture.js";
import { shrink } from "../src/image/shrink.js";
import type { Picture } from "../src/node.js";
import type { Checkpoint } from "../src/weights/checkpoint.js";
import { iconsCheckpointUrl } from "../src/weights/default-checkpoint.js";
import { recognise } from "../src/weights/names.js";
import { openCheckpoint } from "../src/weights/open.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { hashedCheckpoint, hashedFile } from "./helpers/hashed-checkpoint.js";
import { noisePicture } from "./helpers/pictures.js";
import { largestDifference, referencePictures } from "./helpers/reference-maps.js";
import { stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
/** Pictures of the icon network at half their size. */
const val = referencePictures("test/fixtures/val")
  .slice(0, 2)
  .map(({ name, picture }) => ({ name, picture: shrink(toRgba(picture), picture.height / 2, picture.width / 2) }));
const pictureAt = (index: number): Picture => {
  const reference = val[index];
  if (!reference) throw new Error(`val has no picture ${index}`);
  return reference.picture;
};

let checkpoint: Checkpoint;
let comparison: Comparison;
beforeAll(async () => {
  checkpoint = await openCheckpoint(await openSource(iconsCheckpointUrl()));
  comparison = new Comparison(device(), checkpoint);
});
afterAll(async () => {
  comparison.dispose();
  await checkpoint.close();
});

describe("comparison", () => {
  it("gives the labels that each network gives alone", async () => {
    for (const variant of COMPARED) {
      const fcn = await loadFcn({ weights: "icons", variant, device: device() });
      for (const { name, picture } of val)
        expect((await comparison.run(picture)).labels[variant], `${name} ${variant}`).toEqual(
          (await fcn.segment(picture)).labels,
        );
      fcn.dispose();
    }
  });

  it("times the shared part and each head, and compiles nothing for a size that was seen before", async () => {
    const picture = pictureAt(0);
    let stages: Readonly<Record<string, number>> | undefined;
    const created = await countingCreations(device(), async () => ({ stages } = await comparison.run(picture)));
    expect(created).toEqual({});
    expect(Object.keys(stages ?? {}).sort()).toEqual([...COMPARED, SHARED].sort());
    for (const ms of Object.values(stages ?? {})) expect(ms).toBeGreaterThan(0);
  });

  it("refuses kernels and variants that do not exist, and to measure networks that it does not compare", async () => {
    expect(() => new Comparison(device(), checkpoint, { kernels: { conv3d: "naive" } })).toThrow(
      /^kernels: the network has no kernel "conv3d"; it has normalize, conv2d, /,
    );
    expect(() => new Comparison(device(), checkpoint, { kernels: { conv2d: "nonsense" } })).toThrow(
      /^kernels: conv2d has no variant "nonsense"; it has naive, /,
    );
    const alone = new Comparison(device(), checkpoint, { variants: ["fcn8s"] });
    await expect(alone.measure(["fcn16s"], 8, 8)).rejects.toMatchObject({
      code: "bad-option",
      message: 'measure: variant "fcn16s" is not one of fcn8s, all',
    });
    await expect(alone.measure(["fcn8s"], 8, 8, 0)).rejects.toMatchObject({
      code: "bad-option",
      message: "measure: rounds must be a whole number of 1 or more, got 0",
    });
    alone.dispose();
  });

  it("creates nothing for a size it has seen", async () => {
    const picture = pictureAt(0);
    await comparison.run(picture);
    expect(await countingCreations(device(), () => comparison.run(picture))).toEqual({});
  });

  it("gives the probabilities of single pixels, corners included, that each network gives for all", async () => {
    const picture = pictureAt(1);
    const { scores, labels } = await comparison.run(picture, { scores: true });
    const { width, height } = picture;
    const places = [
      [0, 0],
      [width - 1, height - 1],
      [0, height - 1],
      [37, 71],
      [width >> 1, height >> 1],
      [width - 2, 5],
    ] as const;
    for (const variant of COMPARED) {
      const fcn = await loadFcn({ weights: "icons", variant, device: device() });
      const ofAll = (await fcn.probabilities(picture)).data;
      for (const [x, y] of places) {
        const own = scores?.[variant]?.probabilities(x, y) ?? new Float32Array();
        const expected = Float32Array.from(own, (_, c) => ofAll[(c * height + y) * width + x] as number);
        expect(largestDifference(own, expected), `${variant} at ${x}, ${y}`).toBeLessThan(1e-4);
        expect(own.indexOf(Math.max(...own)), `${variant} at ${x}, ${y}`).toBe(labels[variant]?.[y * width + x]);
      }
      fcn.dispose();
    }
    expect(() => scores?.fcn8s?.probabilities(width, 0)).toThrow(
      `pixel (${width}, 0) is not in the picture of ${width} x ${height}`,
    );
  });

  it("says where the labels lie on the GPU, and reports each pipeline that is ready", async () => {
    const seen: [number, number][] = [];
    const own = new Comparison(device(), checkpoint, { onPipeline: (ready, total) => seen.push([ready, total]) });
    const { labels, buffers } = await own.run(noisePicture(24, 40));
    const total = seen[0]?.[1] ?? 0;
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => [i + 1, total]));
    expect(total).toBeGreaterThan(3);
    const { buffer, offset = 0 } = buffers.fcn8s ?? {};
    if (!buffer) throw new Error("no buffer");
    const { gpu } = device();
    const staging = gpu.createBuffer({ size: 40 * 24, usage: BUFFER.MAP_READ | BUFFER.COPY_DST });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, 40 * 24);
    gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_MODE_READ);
    expect(new Uint8Array(staging.getMappedRange().slice(0))).toEqual(labels.fcn8s);
    staging.destroy();
    own.dispose();
  });

  it("adds up operations, parameters and memory", async () => {
    const [coarse, fine, all] = await comparison.measure(["fcn32s", "fcn8s", "all"], 64, 96, 1);
    if (!coarse || !fine || !all) throw new Error("three costs were asked for");
    expect(all.sharedFlops).toBe(coarse.sharedFlops);
    expect(all.headParameters).toBeGreaterThan(coarse.headParameters + fine.headParameters);
    expect(coarse.sharedFlops).toBe(fine.sharedFlops);
    expect(coarse.headFlops).toBeLessThan(fine.headFlops);
    // score32 has 512 features and 21 classes; 8s adds two dense 4x4 and the scores of 256 and 128 features.
    expect(coarse.headParameters).toBe(21 * 512 + 21);
    expect(fine.headParameters).toBe(21 * (512 + 256 + 128 + 3) + 2 * 21 * 21 * 16);
    expect(fine.weightBytes).toBeGreaterThan(4 * fine.sharedParameters);
    expect(fine.planBytes).toBeGreaterThan(64 * 96 * (4 + 1)); // at least the picture and its labels
    expect(fine.ms).toBeGreaterThan(0);
  });

  it("runs torchvision's network alone, at the size for which it was trained, with the labels of loadFcn", async () => {
    const weights = await hashedFile(torchvisionFcnTensors(21, 4));
    const found = recognise(await openCheckpoint(await openSource(weights)));
    expect(variantsByBackbone(found)).toEqual([["fcn-resnet101"]]);
    const own = new Comparison(device(), found.checkpoint, { variants: ["fcn-resnet101"] });
    expect(own.resize).toBe(520);
    const picture = stripedPicture(47, 43);
    const fcn = await loadFcn({ weights, device: device() });
    const { labels, stages } = await own.run(picture);
    expect(labels).toEqual({ "fcn-resnet101": (await fcn.segment(picture)).labels });
    expect(Object.keys(stages ?? {}).sort()).toEqual(["fcn-resnet101", SHARED]);
    const [cost] = await own.measure(["fcn-resnet101"], 43, 47, 1);
    // A 3x3 convolution of 128 features to 32 with batch norm, and the projection; the auxiliary head is not part of
    // it.
    expect(cost?.headParameters).toBe(32 * 128 * 9 + 2 * 32 + 21 * 32 + 21);
    expect(cost?.sharedFlops).toBeGreaterThan(cost?.headFlops ?? Infinity);
    await expect(own.run(picture, { scores: true })).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringContaining("not for fcn-resnet101") as string,
    });
    own.dispose();
    fcn.dispose();
  });

  it("refuses torchvision's network over another backbone by name", async () => {
    const open = (given: Checkpoint) => Comparison.open(device(), given, { variants: ["fcn-resnet50"] });
    const has = "has a backbone ResNet-101, fcn-resnet50 has another one; it has heads for";
    await expect(open(checkpoint)).rejects.toMatchObject({
      code: "bad-weights",
      message: `${checkpoint.name} ${has} fcn8s, fcn16s, fcn32s`,
    });
    const dilated = hashedCheckpoint(torchvisionFcnTensors(21, 4));
    await expect(open(dilated)).rejects.toThrow(`${has} fcn-resnet101`);
    const photos = await openCheckpoint(await openSource("photos"));
    await expect(open(photos)).rejects.toThrow(/has a backbone MobileNetV2, fcn-resnet50 has another one; .* fcn8s/);
    await photos.close();
  });

  it("takes the heads that the checkpoint has, and says which mixtures cannot be compared", async () => {
    const both = recognise(
      hashedCheckpoint([
        ...paperFcnTensors(21, 4),
        ...torchvisionFcnTensors(21, 4).filter(({ name }) => name.startsWith("classifier")),
      ]),
    );
    expect(variantsByBackbone(both)).toEqual([[...COMPARED], ["fcn-resnet101"]]);
    expect(variantsByBackbone(both, ["fcn8s", "fcn32s"])).toEqual([["fcn32s", "fcn8s"]]);
    expect(variantsByBackbone(both, ["fcn-resnet101", "fcn8s"])).toEqual([["fcn8s"], ["fcn-resnet101"]]);
    // The head that is not compared is not an error.
    new Comparison(device(), both.checkpoint).dispose();
    expect(() => new Comparison(device(), both.checkpoint, { variants: ["fcn16s", "fcn8s", "fcn-resnet101"] })).toThrow(
      "new Comparison: fcn-resnet101 has a dilated backbone of its own and cannot share one with fcn16s and fcn8s; " +
        "ComparisonSet.open(device, [checkpoint]) compares networks over several backbones",
    );
    const torchvision = recognise(hashedCheckpoint(torchvisionFcnTensors(21, 4)));
    const none = "it has no head for fcn8s, only for fcn-resnet101";
    expect(() => variantsByBackbone(torchvision, ["fcn8s"])).toThrow(none);
    expect(() => variantsByBackbone(torchvision, ["fcn8s"], false)).toThrow(none);
    expect(variantsByBackbone(torchvision, ["fcn8s", "fcn-resnet101"], false)).toEqual([["fcn-resnet101"]]);
    expect(() => variantsByBackbone(torchvision, ["fcn8s", "fcn-resnet101"])).toThrow(none);
    const bare = recognise(hashedCheckpoint(paperFcnTensors(21, 4).filter(({ name }) => name.startsWith("backbone."))));
    expect(() => variantsByBackbone(bare)).toThrow("without a head there is nothing to compare");
  });

  it("refuses a size beyond the device and an empty list", async () => {
    await expect(comparison.measure(["fcn8s"], 30_000, 30_000)).rejects.toMatchObject({
      code: "limit-too-small",
      message: expect.stringMatching(/30000 x 30000 is too large .*; shrink or crop the picture$/) as string,
    });
    expect(() => new Comparison(device(), checkpoint, { variants: [] })).toThrow("name at least one variant");
    // What plain JavaScript may pass.
    const made = (options: object) => () => new Comparison(device(), checkpoint, options);
    expect(made({ variant: "fcn8s" })).toThrow('new Comparison has no option "variant"; it has variants, ');
    expect(made({ variants: "fcn8s" })).toThrow("variants must be an array, got string");
    expect(made({ variants: ["fcn4s"] })).toThrow('variant "fcn4s" is not one of fcn32s, fcn16s, fcn8s, fcn-resnet101');
    expect(made({ preprocessing: { mean: [0, 0, 0], std: [1, 0, 1] } })).toThrow(
      "preprocessing.std must be three finite numbers above 0",
    );
    expect(made({ precision: "f64" })).toThrow('precision "f64" is not one of f32, f16, auto');
    await expect(
      comparison.run({ width: 1, height: 1, data: new Uint8Array(4) }, { score: true } as object),
    ).rejects.toMatchObject({ code: "bad-option", message: 'run has no option "score"; it has signal, scores' });
  });
});
