/** PixelScores computes single pixels of the last transposed convolution; a float64 reference computes all of them. */
import { describe, expect, it } from "vitest";
import { paperFcnTensors } from "../bench/hashed-weights.js";
import { convTranspose2dReference } from "../shaders/conv-transpose2d/reference.js";
import { decoderGeometry } from "../src/layers/geometry.js";
import type { UpsampleStep } from "../src/layers/geometry.js";
import { bilinearWeight } from "../src/layers/upsample.js";
import { PixelScores } from "../src/models/pixel-scores.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { backboneIn } from "./helpers/networks.js";
import { seeded } from "./helpers/random.js";

const CLASSES = 3;
/** Size of the scores before the last step. */
const [h, w] = [3, 4];

/** Compares logits and probabilities of every pixel. `learned`: a full kernel instead of the fixed bilinear one. */
async function check(step: UpsampleStep, learned: boolean): Promise<void> {
  const [height, width] = [h * step.stride - 3, w * step.stride - 1];
  const random = seeded(7);
  const scores = Float32Array.from({ length: CLASSES * h * w }, () => random() * 8 - 4);
  const shape = [CLASSES, learned ? CLASSES : 1, step.kernel, step.kernel] as const;
  const kernel = learned
    ? Float32Array.from({ length: CLASSES * CLASSES * step.kernel ** 2 }, () => random() - 0.5)
    : await bilinearWeight("fixed", CLASSES, step.kernel).read();
  const final = { step, kernel, learned };
  const pixels = new PixelScores({ width, height, scores, shape: [1, CLASSES, h, w], final });
  const { stride, padding, outputPadding, crop } = step;
  const { y } = convTranspose2dReference(
    { x: { data: scores, shape: [1, CLASSES, h, w] }, weight: { data: kernel, shape } },
    {
      stride,
      padding,
      output_padding: outputPadding,
      dilation: 1,
      groups: learned ? 1 : CLASSES,
      crop: [height, width],
      crop_offset: [crop.top, crop.left],
    },
  );
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const logits = Array.from({ length: CLASSES }, (_, c) => y?.data[(c * height + row) * width + column] as number);
      const sum = logits.reduce((total, v) => total + Math.exp(v), 0);
      pixels.logits(column, row).forEach((v, c) => expect(v).toBeCloseTo(logits[c] as number, 4));
      pixels
        .probabilities(column, row)
        .forEach((v, c) => expect(v).toBeCloseTo(Math.exp(logits[c] as number) / sum, 4));
    }
  }
}

const { encoder: RESNET_CHAIN } = backboneIn(hashedCheckpoint(paperFcnTensors()));

describe("pixel scores are the last transposed convolution", () => {
  for (const alignment of ["pad", "aligned"] as const) {
    const geometry = decoderGeometry(RESNET_CHAIN, { alignment });
    for (const learned of [false, true]) {
      it(`${learned ? "learned" : "fixed bilinear"}, ${alignment}`, async () => {
        await check(geometry.fcn8s.at(-1) as UpsampleStep, learned);
        await check(geometry.fcn16s.at(-1) as UpsampleStep, learned);
      });
    }
  }

  it("refuses numbers that do not fill the shape", () => {
    const step = decoderGeometry(RESNET_CHAIN).fcn8s.at(-1) as UpsampleStep;
    const final = { step, kernel: new Float32Array(0), learned: false };
    const scores = new Float32Array(5);
    expect(() => new PixelScores({ width: 8, height: 8, scores, shape: [1, 3, 1, 1], final })).toThrow(
      "scores [1,3,1,1] hold 3 numbers, got 5",
    );
  });
});
