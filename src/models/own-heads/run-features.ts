/** Runs a backbone for the feature maps of its stages. */
import { badOption, hasNo } from "../../base/errors.js";
import { checkOneOf, describeValue } from "../../base/options.js";
import type { RgbaPicture } from "../../image/picture.js";
import type { Backbone } from "../../layers/backbone.js";
import type { Plan } from "../../plan/plan.js";
import { uploadBytes } from "../batches.js";
import type { FeatureKind, FeaturePlace, FeatureRequest, FeaturesOn, HostFeatures } from "../features.js";
import type { NetworkOnDevice } from "../network-on-device.js";
import { unpackOutputs } from "../picture-result.js";

/** Stages in the backbone's order, each once, so that plans are shared. @throws bad-option */
function featureKind({ name: network, stages }: Backbone, names: readonly string[], on: FeaturePlace): FeatureKind {
  const known = stages.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name)) throw badOption(`features: ${hasNo(network, "stage", describeValue(name), known)}`);
  }
  if (names.length === 0) throw badOption(`features: name at least one stage of ${known.join(", ")}`);
  return `features ${on} ${known.filter((name) => names.includes(name)).join()}`;
}

/** Feature maps by the names of the stages. @throws bad-option; as Session.run() */
export async function runFeatures(
  network: NetworkOnDevice<FeatureKind>,
  { backbone, names, on = "host", read, signal }: FeatureRequest,
): Promise<Record<string, FeaturesOn<FeaturePlace>>> {
  checkOneOf("on", on, ["host", "gpu"]);
  const kind = featureKind(backbone, names, on);
  const [picture] = (await read()) as [RgbaPicture];
  signal?.throwIfAborted();
  const { width, height } = picture;
  const plan = await network.planFor({ kind, count: 1, height, width }, signal);
  signal?.throwIfAborted();
  const inputs = { picture: uploadBytes([picture], network.resizeOf(kind)) };
  // Such a plan is never in bands.
  if (on === "gpu") return Object.fromEntries(await (plan as Plan).runToTensors(inputs));
  const maps: Record<string, HostFeatures> = {};
  for (const [name, { shape, values }] of unpackOutputs(await plan.run(inputs, signal)))
    maps[name] = { shape, data: values as Float32Array };
  return maps;
}
