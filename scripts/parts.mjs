/** The parts of the package that a page loads when it needs them, and how their bundles meet the rest. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * @typedef {object} Part
 * @property {string} folder below dist
 * @property {string} entry the module that is bundled
 * @property {string} loader the module that loads the bundle
 * @property {string} exported the function of the loader
 * @property {readonly string[]} [inlined] modules of the page that are bundled once more, because handing a page's own
 *   functions to a part costs every page some bytes: pure functions only
 * @property {readonly string[]} bundled modules of the folder that the package does not need any more
 */

/** Modules of functions that keep nothing, and that are the same in every copy. */
const PURE_GPU = ["dispatch", "flags", "memory"].map((name) => `src/gpu/${name}`);
const PURE_KERNEL = ["border", "choice", "half", "kernel", "layout", "problem", "shape", "texture", "window"].map(
  (name) => `src/kernel/${name}`,
);

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
    inlined: ["feature-map", "problem", "shape", "texture", "window"].map((name) => `src/kernel/${name}`),
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
    folder: "src/plan/bands",
    entry: "bands",
    loader: "import-bands",
    exported: "importBands",
    inlined: [...PURE_GPU, ...PURE_KERNEL, "src/plan/arena", "src/plan/placement"],
    bundled: [
      "bands",
      "band-graph",
      "band-memory",
      "band-run",
      "banded-plan",
      "choose",
      "divide",
      "extents",
      "grid",
      "kept-map",
      "positions",
      "reach",
      "schedule",
      "section",
      "section-plan",
      "shared-arena",
    ],
  },
  {
    folder: "src/tuning/tuner",
    entry: "tuner",
    loader: "import-tuner",
    exported: "importTuner",
    inlined: [...PURE_GPU, ...PURE_KERNEL, "src/gpu/upload", "src/kernel/border-rules"],
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
  {
    folder: "src/gpu/matrix-probe",
    entry: "matrix-probe",
    loader: "import-matrix-probe",
    exported: "importMatrixProbe",
    bundled: ["matrix-probe"],
  },
  {
    // The digest of downloads whose SHA-256 is known.
    folder: "src/weights/digest",
    entry: "sha256",
    loader: "import-sha256",
    exported: "importSha256",
    inlined: ["src/kernel/shape", "src/weights/bytes"],
    bundled: ["sha256"],
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
