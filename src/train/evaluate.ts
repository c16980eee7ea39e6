/** Labels of pictures with the present weights, and how they compare with the truth. */
import { ConfusionMatrix } from "../eval/confusion.js";
import { networkSize } from "../models/preprocessing.js";
import type { Graph } from "../plan/graph.js";
import { sizeKey } from "./batch.js";
import type { FeatureMaker } from "./feature-maker.js";
import { featureName } from "./learner.js";
import type { Learner } from "./learner.js";
import { checkSample, prepared, withoutLabels } from "./sample.js";
import type { TrainingSample } from "./sample.js";
import { checkNamed } from "./training-arguments.js";
import type { TrainingSession } from "./training-session.js";

interface Evaluated {
  readonly learner: Learner;
  readonly session: TrainingSession;
  readonly mode: "heads" | "all";
  readonly seed: number;
}

/** A picture under the name by which its features are cached. */
export type NamedPicture = Pick<TrainingSample, "name" | "picture">;

/** @throws bad-shape, bad-image; as session.infer() */
export async function evaluateSamples(
  evaluated: Evaluated,
  maker: FeatureMaker,
  samples: Iterable<TrainingSample>,
): Promise<ConfusionMatrix> {
  const classes = evaluated.learner.classNames.length;
  const confusion = new ConfusionMatrix(classes);
  for (const sample of samples) {
    checkNamed("trainer.evaluate", sample);
    checkSample(sample, classes);
    confusion.add(sample.labels, await labelsOf(evaluated, maker, sample));
  }
  return confusion;
}

/** A label for each pixel of the picture in row order. @throws as session.infer() */
export async function labelsOf(
  { learner, session, mode, seed }: Evaluated,
  maker: FeatureMaker,
  named: NamedPicture,
): Promise<Uint8Array<ArrayBuffer>> {
  checkNamed("trainer.labels", named);
  const { name, picture: whole } = named;
  const { height, width } = whole;
  const from = mode === "all" ? "picture" : "features";
  const seen = networkSize(height, width, learner.resize);
  const { picture } = prepared(withoutLabels({ name, picture: whole }), 0, {
    resize: learner.resize,
    augment: {},
    seed,
  });
  const inputs: Record<string, ArrayBufferView> = {};
  if (mode === "all") {
    inputs["picture"] = picture().data;
  } else {
    const features = await maker.featuresOf(`${name}#0`, seen, picture);
    for (const stride of learner.strides) inputs[featureName(stride)] = features.get(stride) as Uint8Array;
  }
  const append = (graph: Graph): void => {
    graph.output("labels", learner.labels(graph, from, { seen, size: [height, width] }), "u8");
  };
  const { outputs } = await session.infer(`${sizeKey(seen)} ${sizeKey([height, width])}`, append, inputs);
  return new Uint8Array(outputs.get("labels")?.bytes as ArrayBuffer, 0, height * width);
}
