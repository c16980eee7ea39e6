/** The session of a model: what its graphs are, and how their plans run. */
import type { ReplaceHeads } from "./assemble.js";
import type { Assembled } from "./build-network.js";
import { staysOnGpu } from "./features.js";
import type { LoadedModel, ModelOptions } from "./model.js";
import type { NetworkPlans } from "./network-on-device.js";
import { outputGraph } from "./output-graph.js";
import type { OutputKind } from "./output-graph.js";
import type { DeviceChoice } from "./runtime.js";
import { Session } from "./session.js";
import type { SessionOptions } from "./session.js";

export interface SegmenterOptions<Image>
  extends
    DeviceChoice,
    Assembled,
    ModelOptions,
    Pick<NetworkPlans<OutputKind>, "precision" | "maxPlans" | "tile" | "tuning" | "tuneBudget">,
    Pick<SessionOptions<OutputKind, Image>, "holdImage" | "onDispose"> {
  readonly replaceHeads: ReplaceHeads;
}

/** Runs in flight of a plan for labels: the GPU works on one while the last is read and the next is uploaded. */
const LABELS_IN_FLIGHT = 2;

/** `current` gives the model as it is now: other heads make another one. @throws bad-option */
export function modelSession<Image>(
  options: SegmenterOptions<Image>,
  current: () => LoadedModel,
): Session<OutputKind, Image> {
  const { network, resize } = current();
  const { device, openDevice, recover, holdImage, onDispose } = options;
  const { kernels, precision, maxPlans, tile, tuning, tuneBudget } = options;
  return new Session({
    // One by one: the session must not keep the network of the options alive once it has other heads.
    ...{ device, openDevice, recover, holdImage, onDispose },
    ...{ kernels, precision, maxPlans, tile, tuning, tuneBudget },
    name: `the model ${network.name}`,
    resize,
    classNames: () => current().classNames,
    graphOf: (batch, precision) => outputGraph(current(), batch, precision),
    planOptions: (kind) => ({ inFlight: kind === "labels" ? LABELS_IN_FLIGHT : 1, readback: !staysOnGpu(kind) }),
  });
}
