/** torchvision's fcn_resnet101: logits of both heads against the float64 reference, and the auxiliary head. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashedInput, paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { torchvisionNetwork } from "../src/models/torchvision.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { recognise } from "../src/weights/names.js";
import { Parameters } from "../src/weights/parameters.js";
import { useDevice } from "./helpers/device.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { float32File, largestDifference } from "./helpers/reference-maps.js";
import { WIDTH, loadHashed, logitsOfBothHeads, stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();

describe("fcn_resnet101 with hash weights against float64", () => {
  const { checkpoint } = recognise(hashedCheckpoint(torchvisionFcnTensors()));
  const network = torchvisionNetwork(Parameters.of(checkpoint));
  const golden = (name: string, tag: string): Float32Array =>
    float32File(`test/fixtures/golden/${name}.${tag}.logits.f32`);
  let store: WeightStore;
  beforeAll(() => {
    store = new WeightStore(device());
  });
  afterAll(() => store.dispose());

  it.each([
    ["a64", 64, 64],
    ["b97x131", 97, 131],
  ] as const)("gives both heads' logits within 1e-3 for %s", async (tag, height, width) => {
    const input = hashedInput(tag, [1, 3, height, width]);
    const { out, aux } = await logitsOfBothHeads(network, store, input, [height, width]);
    expect(largestDifference(out, golden("fcn_resnet101", tag))).toBeLessThan(1e-3);
    expect(largestDifference(aux, golden("fcn_resnet101_aux", tag))).toBeLessThan(1e-3);
  });
});

describe("the auxiliary head", () => {
  const picture = stripedPicture(20, 20);

  it("is an error where there is none", async () => {
    const paper = await loadHashed(device(), paperFcnTensors(21, WIDTH));
    await expect(paper.logits(picture, { aux: true })).rejects.toThrow(
      /fcn8s has no auxiliary head here; only torchvision's/,
    );
    paper.dispose();
    const withoutAux = torchvisionFcnTensors(21, WIDTH).filter(({ name }) => !name.startsWith("aux_"));
    const without = await loadHashed(device(), withoutAux, { resize: "none" });
    await expect(without.logits(picture, { aux: true })).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringContaining("without aux head") as string,
    });
    expect((await without.logits(picture)).shape).toEqual([1, 21, 20, 20]);
    without.dispose();
  });
});
