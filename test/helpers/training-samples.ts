/** A small backbone and labelled pictures: trainings that take moments. */
import { hashedTensor, paperFcnTensors } from "../../bench/hashed-weights.js";
import type { Checkpoint, Picture } from "../../src/node.js";
import type { TrainingSample } from "../../src/train/index.js";
import { hashedCheckpoint } from "./hashed-checkpoint.js";
import { seeded } from "./random.js";

/** A ResNet-18 of width 4 with its batch norms, and no heads. */
export const smallBackbone = (): Checkpoint =>
  hashedCheckpoint(
    paperFcnTensors(21, 4, 18).filter(({ name }) => name.startsWith("backbone.")),
    hashedTensor,
  );

const COLOURS = [
  [40, 60, 200],
  [220, 180, 40],
  [60, 200, 80],
] as const;

/** A picture of rectangles. Each class has a colour, so that a network can tell them. */
export function colouredSample(name: string, height: number, width: number, seed = 1): TrainingSample {
  const random = seeded(seed);
  const labels = new Uint8Array(height * width);
  for (const label of [1, 2]) {
    const [top, left] = [Math.floor((random() * height) / 2), Math.floor((random() * width) / 2)];
    for (let y = top; y < top + height / 2; y++) labels.fill(label, y * width + left, y * width + left + width / 2);
  }
  const data = Uint8Array.from({ length: labels.length * 4 }, (_, i) => {
    const channel = i % 4;
    if (channel === 3) return 255;
    return (COLOURS[labels[i >> 2] as 0 | 1 | 2][channel] as number) + Math.floor(random() * 30) - 15;
  });
  labels.fill(255, 0, width); // a row that does not count
  const picture: Picture = { width, height, data };
  return { name, picture, labels };
}
