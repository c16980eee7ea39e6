/** A training that the device has no room for leaves nothing there. */
import { expect, it } from "vitest";
import { hashedVggTensor, vggBackbone } from "../../bench/hashed-vgg.js";
import { requestDevice } from "../../src/node.js";
import type { Device } from "../../src/node.js";
import { createTrainer } from "../../src/train/index.js";
import type { Trainer } from "../../src/train/index.js";
import { expectError, sentenceOf } from "../helpers/expect-error.js";
import { hashedCheckpoint } from "../helpers/hashed-checkpoint.js";
import { limitMemory } from "../helpers/memory-budget.js";
import { nextTurn } from "../helpers/promises.js";
import { smallBackbone } from "../helpers/training-samples.js";

const create = (device: Device): Promise<Trainer> => createTrainer({ device, backbone: smallBackbone(), classes: 3 });

it("frees what was made, wherever the room ends", async () => {
  const device = await requestDevice();
  const budget = limitMemory(device, Infinity);
  const trainer = await create(device);
  const needed = trainer.bytes;
  trainer.dispose();
  await nextTurn();
  const held: number[] = [];
  for (let share = 0.02; share < 1; share += 0.02) {
    budget.bytes = needed * share;
    await expect(create(device)).rejects.toMatchObject({ code: "out-of-memory" });
    held.push(budget.live.bytes);
  }
  expect(held.filter((bytes) => bytes > 0)).toEqual([]);
  device.dispose();
});

it.each(["heads", "all"] as const)(
  "in mode %s needs fewer classes where the head is what is too large",
  async (mode) => {
    const device = await requestDevice();
    Object.assign(device.limits, { maxStorageBufferBindingSize: 2e6 });
    const backbone = hashedCheckpoint(vggBackbone(4), hashedVggTensor);
    await expectError(
      () => createTrainer({ device, backbone, classes: 12, variant: "fcn32s", mode }),
      "limit-too-small",
      sentenceOf(
        /^a training in mode "\w+" is too large for this device: tensor upscore.weight\S* \[12,12,64,64\] needs /,
        /maxStorageBufferBindingSize 2359296, this adapter offers 2000000; make it smaller; use fewer classes$/,
      ),
    );
    device.dispose();
  },
);
