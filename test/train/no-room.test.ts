/** A training that the device has no room for leaves nothing there. */
import { expect, it } from "vitest";
import { requestDevice } from "../../src/node.js";
import type { Device } from "../../src/node.js";
import { createTrainer } from "../../src/train/index.js";
import type { Trainer } from "../../src/train/index.js";
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
