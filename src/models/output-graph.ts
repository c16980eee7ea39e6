/** From a network to the graph of one call: normalised picture in; labels, logits or probabilities at the picture's size out. */
import { argmax } from "../../shaders/argmax/kernel.js";
import { normalize } from "../../shaders/normalize/kernel.js";
import { resizeArgmax } from "../../shaders/resize-argmax/kernel.js";
import { resize } from "../../shaders/resize/kernel.js";
import { softmax } from "../../shaders/softmax/kernel.js";
import { FcnError, isFcnError } from "../base/errors.js";
import { badOption } from "../base/options.js";
import type { VariantChoice } from "../kernel/choice.js";
import { Graph } from "../plan/graph.js";
import type { Value } from "../plan/graph.js";
import type { Network } from "./network.js";
import { constant, networkSize } from "./preprocessing.js";
import type { Preprocessing, Resize } from "./preprocessing.js";

export type Output = "labels" | "logits" | "probabilities" | "aux";

export interface Prepared {
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  readonly resize: Resize;
  readonly description: string;
}

/** Size at which a picture goes to the GPU: a smaller one is made on the host, without aliasing; a larger one there, while normalising. */
export function inputSize(height: number, width: number, resize: Resize): readonly [number, number] {
  const seen = networkSize(height, width, resize);
  return seen[0] < height ? seen : [height, width];
}

/** The graph's input "picture", `n` of them, as the network sees it: normalised, at its own size. */
export function normalisedInput(
  graph: Graph,
  { preprocessing: { mean, std }, resize }: Pick<Prepared, "preprocessing" | "resize">,
  n: number,
  height: number,
  width: number,
): Value {
  const image = graph.input("picture", [n, 4, ...inputSize(height, width, resize)], "rgba8");
  const [h, w] = networkSize(height, width, resize);
  return graph.op(
    "normalize",
    normalize,
    { image, mean: constant("mean", mean), std: constant("std", std) },
    { height: h, width: w },
  ).y;
}

/** What did not fit the device, as an error that names the picture; any other error as it is. */
export function pictureTooLarge(error: unknown, height: number, width: number, resize: Resize): unknown {
  if (!isFcnError(error, "limit-too-small") && !isFcnError(error, "out-of-memory")) return error;
  const [h, w] = networkSize(height, width, resize);
  const seen = h === height && w === width ? "" : `, resized to ${w} x ${h},`;
  return new FcnError(
    error.code,
    `a picture of ${width} x ${height}${seen} is too large for this device: ${error.message}`,
    { cause: error },
  );
}

/** `n` pictures of one size; the graph's input is "picture", its output is named as its kind. @throws bad-option without the head asked for */
export function outputGraph(prepared: Prepared, kind: Output, n: number, height: number, width: number): Graph {
  const { network } = prepared;
  const graph = new Graph();
  const x = normalisedInput(graph, prepared, n, height, width);
  const same = x.shape[2] === height && x.shape[3] === width;
  if (kind === "labels" && same && network.labels) {
    graph.output(kind, network.labels(graph, x));
    return graph;
  }
  const scores = kind === "aux" ? auxLogits(prepared, graph, x) : network.logits(graph, x);
  if (kind === "labels") {
    // At the picture's size logits would be the largest tensor by far; labels do without.
    graph.output(
      kind,
      same
        ? graph.op("argmax", argmax, { x: scores }).y
        : graph.op("argmax", resizeArgmax, { x: scores }, { height, width }).y,
    );
    return graph;
  }
  const logits = same ? scores : graph.op("resize", resize, { x: scores }, { height, width }).y;
  graph.output(kind, kind === "probabilities" ? graph.op("softmax", softmax, { x: logits }).y : logits);
  return graph;
}

/** @throws bad-option for a kernel that the network does not use */
export function checkKernels(prepared: Prepared, chosen: VariantChoice): void {
  checkKernelsOf(
    (["labels", "probabilities"] as const).flatMap((kind) =>
      [prepared.resize, "none" as const].map((resize) => outputGraph({ ...prepared, resize }, kind, 1, 61, 61)),
    ),
    chosen,
  );
}

/** @throws bad-option for a kernel that none of the graphs uses */
export function checkKernelsOf(graphs: readonly Graph[], chosen: VariantChoice): void {
  const used = new Set(graphs.flatMap(({ nodes }) => nodes.map(({ kernel }) => kernel.name)));
  for (const name of Object.keys(chosen))
    if (!used.has(name))
      throw badOption(`kernels: the network has no kernel "${name}"; it has ${[...used].join(", ")}`);
}

function auxLogits({ network, description }: Prepared, graph: Graph, x: Value): Value {
  if (!network.auxLogits)
    throw badOption(
      `logits: ${network.name} has no auxiliary head here; only torchvision's fcn-resnet101 can have one, and these weights are ${description}`,
    );
  return network.auxLogits(graph, x);
}
