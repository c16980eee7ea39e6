/** Labels of held-out pictures with the present weights, counted against the truth. */
import { ConfusionMatrix } from "../eval/confusion.js";
import { networkSize } from "../models/preprocessing.js";
import type { Graph } from "../plan/graph.js";
import { sizeKey } from "./batch.js";
import type { FeatureMaker } from "./feature-maker.js";
import { featureName } from "./learner.js";
import type { Learner } from "./learner.js";
import { checkSample, prepared } from "./sample.js";
import type { TrainingSample } from "./sample.js";
import type { TrainingSession } from "./training-session.js";

interface Evaluated {
  readonly learner: Learner;
  readonly session: TrainingSession;
  readonly mode: "heads" | "all";
  readonly seed: number;
}

/** @throws bad-shape, bad-image; as session.infer() */
export async function evaluateSamples(
  { learner, session, mode, seed }: Evaluated,
  maker: FeatureMaker,
  samples: Iterable<TrainingSample>,
): Promise<ConfusionMatrix> {
  const confusion = new ConfusionMatrix(learner.classNames.length);
  const from = mode === "all" ? "picture" : "features";
  for (const sample of samples) {
    checkSample(sample, learner.classNames.length);
    const { height, width } = sample.picture;
    const seen = networkSize(height, width, learner.resize);
    const { picture } = prepared(sample, 0, { resize: learner.resize, augment: {}, seed });
    const inputs: Record<string, ArrayBufferView> = {};
    if (mode === "all") {
      inputs["picture"] = picture.data;
    } else {
      const features = await maker.featuresOf(`${sample.name}#0`, seen, picture);
      for (const stride of learner.strides) inputs[featureName(stride)] = features.get(stride) as Uint8Array;
    }
    const append = (graph: Graph): void => {
      graph.output("labels", learner.labels(graph, from, { seen, size: [height, width] }), "u8");
    };
    const { outputs } = await session.infer(`${sizeKey(seen)} ${sizeKey([height, width])}`, append, inputs);
    const bytes = outputs.get("labels")?.bytes as ArrayBuffer;
    confusion.add(sample.labels, new Uint8Array(bytes, 0, height * width));
  }
  return confusion;
}
