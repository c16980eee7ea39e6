/** Checkpoints on the page: three networks over one backbone, or a file's one network, or an error in a sentence. */
import { describe, expect, it } from "vitest";
import { torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { openModel } from "../demo/src/worker/open-model.js";
import type { WeightsFile } from "../demo/src/worker/open-model.js";
import { openSource } from "../src/index.js";
import { useDevice } from "./helpers/device.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { fixture, referencePictures } from "./helpers/reference-maps.js";

const device = useDevice();
const ignored = (): void => undefined;
const weightsOf = (file: File): WeightsFile => ({ open: () => openSource(file), direct: file });
const picture = referencePictures("test/fixtures/val").find(({ name }) => name.endsWith("/15"))?.picture ?? {
  width: 1,
  height: 1,
  data: new Uint8Array(4),
};
const { signal } = new AbortController();

describe("a model of the page", () => {
  it("runs torchvision's network alone, with probabilities", async () => {
    const file = new File([Uint8Array.from(await hashedFile(torchvisionFcnTensors(5, 8)))], "mine.safetensors");
    const model = await openModel(device(), weightsOf(file), "f32", ignored);
    expect([model.variants, model.classNames.length, model.description]).toEqual([
      ["fcn-resnet101"],
      5,
      expect.stringContaining("torchvision fcn_resnet101") as string,
    ]);
    const { labels, times, probabilities } = await model.run(picture, signal);
    const [x, y] = [40, 30];
    const atPixel = await probabilities("fcn-resnet101", x, y);
    expect(atPixel.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
    expect(atPixel.indexOf(Math.max(...atPixel))).toBe(labels["fcn-resnet101"]?.[y * picture.width + x]);
    expect(times.map(({ name }) => name)).toEqual(["Prepare for this size", "Upload", "Network", "Read back"]);
    model.dispose();
  });

  it("has the heads that a file has, and can be aborted", async () => {
    const file = new File([Uint8Array.from(fixture("test/fixtures/checkpoints/fcn-resnet101-w16.pth"))], "mine.pth");
    const model = await openModel(device(), weightsOf(file), "f16", ignored);
    expect(model.variants).toEqual(["fcn32s", "fcn16s", "fcn8s"]);
    await expect(model.run(picture, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
    const { labels, buffers } = await model.run(picture, signal);
    expect(labels.fcn16s).toHaveLength(picture.width * picture.height);
    expect(Object.keys(buffers)).toEqual(["fcn32s", "fcn16s", "fcn8s"]);
    model.dispose();
  });

  it("refuses a file that is not a checkpoint", async () => {
    await expect(openModel(device(), weightsOf(new File(["{}"], "notes.pth")), "f32", ignored)).rejects.toMatchObject({
      code: "bad-weights",
      message: expect.stringMatching(/^notes\.pth/) as string,
    });
  });
});
