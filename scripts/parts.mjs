/** The parts of the package that a page loads when it needs them, and how their bundles meet the rest. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * @typedef {object} Part
 * @property {string} folder below dist
 * @property {string} entry the module that is bundled
 * @property {string} loader the module that loads the bundle
 * @property {string} exported the function of the loader
 * @property {readonly string[]} bundled modules of the folder that the package does not need any more
 */

/**
 * Code that few pages run. What a page has in any case is not bundled again: the bundle is a function of it.
 * @type {readonly Part[]}
 */
export const PARTS = [
  {
    // The backbones that are not ResNets, with the kernels that only they use.
    folder: "src/models/backbones",
    entry: "others",
    loader: "import-others",
    exported: "importOtherBackbones",
    bundled: ["others", "mobilenet-v2", "vgg16"],
  },
  {
    folder: "src/models/own-heads",
    entry: "own-heads",
    loader: "import-own-heads",
    exported: "importOwnHeads",
    bundled: ["own-heads", "given-heads", "initial-heads", "overlaid", "run-features"],
  },
  {
    folder: "src/tuning/tuner",
    entry: "tuner",
    loader: "import-tuner",
    exported: "importTuner",
    bundled: ["tuner", "candidates", "choices", "measure-variant"],
  },
  {
    // Streams, profiles, pictures of URLs, and the sentences of rare errors.
    folder: "src/models/extras",
    entry: "extras",
    loader: "import-extras",
    exported: "importExtras",
    bundled: ["extras", "fetch-picture", "profile-layers", "segment-stream", "size-refusal"],
  },
  {
    folder: "src/plan/stages",
    entry: "stage-timer",
    loader: "import-stage-timer",
    exported: "importStageTimer",
    bundled: ["stage-timer"],
  },
];

/** Where a bundle leaves the modules of the page that it uses, in order. */
export const HOST_FILE = "bundle.host.json";

/** Modules that a module imports, those that they import, and so on. Dynamic imports do not count. */
export function reachedFrom(/** @type {string} */ entry) {
  /** @type {Set<string>} */
  const reached = new Set();
  const visit = (/** @type {string} */ file) => {
    if (reached.has(file) || !existsSync(file)) return;
    reached.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, path = ""] of text.matchAll(/^(?:import|export)\b[^;]*?\bfrom "(\.[^"]+)"/gms))
      visit(resolve(dirname(file), path));
  };
  visit(entry);
  return reached;
}
