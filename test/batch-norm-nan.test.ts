/** Batch norms whose variance is negative, as of a damaged file: every label would come from NaN. */
import { expect, it } from "vitest";
import { hashedTensor, paperFcnTensors } from "../bench/hashed-weights.js";
import { loadFcn } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const NORM = "backbone.layer1.0.bn2";

it("are refused with norm and channel when the weights are read", async () => {
  const weights = await hashedFile(paperFcnTensors(5, 4, 18), (name, shape) => {
    const values = hashedTensor(name, shape);
    return name === `${NORM}.running_var` ? values.map((value, i) => (i === 2 ? -1 : value)) : values;
  });
  const fcn = await loadFcn({ weights, device: device() });
  const fault = "weight / sqrt(running_var + epsilon) of its channel 2 is NaN; running_var must not be negative";
  await expect(fcn.segment(stripedPicture(40, 30))).rejects.toMatchObject({
    code: "bad-weights",
    message: `weights in memory: batch norm ${NORM} cannot be folded: ${fault}`,
  });
  fcn.dispose();
});
