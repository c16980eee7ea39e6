/**
 * Compiles every .wgsl file as it stands, defaults included. A file that enables a feature which this adapter lacks is
 * compiled by Dawn's null backend instead: it has all features and runs nothing. Such files are named.
 */
import { create } from "webgpu";
import { readShaders } from "./kernels.mjs";

/** The device feature behind each WGSL extension. */
const FEATURES = {
  f16: "shader-f16",
  subgroups: "subgroups",
  chromium_experimental_subgroup_matrix: "chromium-experimental-subgroup-matrix",
};

/** Dawn crashes when these objects are garbage collected. @type {GPU[]} */
const instances = (globalThis.kept = []);

/** @param {string[]} flags */
async function openDevice(flags) {
  const gpu = create(["enable-dawn-features=allow_unsafe_apis", ...flags]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("no adapter: run npm run setup");
  const requiredFeatures = Object.values(FEATURES).filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures });
  device.addEventListener("uncapturederror", (event) => event.preventDefault());
  return device;
}

/** Features that the shader enables and the device lacks. */
function missingFeatures(/** @type {string} */ code, /** @type {GPUDevice} */ device) {
  const lists = [...code.matchAll(/^enable ([a-z0-9_, ]+);/gm)].map(([, names = ""]) => names);
  const extensions = lists.flatMap((names) => names.split(/,\s*/));
  return extensions.map((name) => FEATURES[name] ?? name).filter((feature) => !device.features.has(feature));
}

const adapterDevice = await openDevice([]);
const nullDevice = await openDevice(["backend=null"]);
let problems = 0;
let checked = 0;
for (const [name, code] of Object.entries(readShaders())) {
  const missing = missingFeatures(code, adapterDevice);
  if (missing.length) console.log(`${name}.wgsl: compiled without the adapter, which lacks ${missing.join(", ")}`);
  const device = missing.length ? nullDevice : adapterDevice;
  const { messages } = await device.createShaderModule({ label: name, code }).getCompilationInfo();
  checked += 1;
  for (const { type, lineNum, linePos, message } of messages) {
    if (type === "info") continue;
    problems += 1;
    console.log(`shaders/${name}.wgsl:${lineNum}:${linePos} ${type}: ${message}`);
  }
}
console.log(`${checked} shaders compiled as they stand`);
process.exit(problems > 0 || checked === 0 ? 1 : 0);
