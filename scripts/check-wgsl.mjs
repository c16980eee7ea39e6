/**
 * Compiles every .wgsl file as it stands, defaults included. A file that enables a feature this adapter lacks is checked by
 * Dawn's null backend, which has them all and runs nothing; it is named.
 */
import { create } from "webgpu";
import { readShaders } from "./kernels.mjs";

const FEATURES = {
  f16: "shader-f16",
  subgroups: "subgroups",
  chromium_experimental_subgroup_matrix: "chromium-experimental-subgroup-matrix",
};

/** @type {GPU[]} */
const instances = (globalThis.kept = []); // Dawn dies with these objects

/** @param {string[]} flags */
async function open(flags) {
  const gpu = create(["enable-dawn-features=allow_unsafe_apis", ...flags]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("no adapter: run npm run setup");
  const device = await adapter.requestDevice({
    requiredFeatures: Object.values(FEATURES).filter((f) => adapter.features.has(f)),
  });
  device.addEventListener("uncapturederror", (event) => event.preventDefault());
  return device;
}

const device = await open([]);
const every = await open(["backend=null"]);
let bad = 0;
let checked = 0;
for (const [name, code] of Object.entries(readShaders())) {
  const enables = [...code.matchAll(/^enable ([a-z0-9_, ]+);/gm)].flatMap(([, names]) => names.split(/,\s*/));
  const missing = enables.map((e) => FEATURES[e] ?? e).filter((feature) => !device.features.has(feature));
  if (missing.length) console.log(`${name}.wgsl: checked without the adapter, which lacks ${missing.join(", ")}`);
  const { messages } = await (missing.length ? every : device)
    .createShaderModule({ label: name, code })
    .getCompilationInfo();
  checked++;
  for (const { type, lineNum, linePos, message } of messages) {
    if (type === "info") continue;
    bad++;
    console.log(`shaders/${name}.wgsl:${lineNum}:${linePos} ${type}: ${message}`);
  }
}
console.log(`${checked} shaders compiled as they stand`);
process.exit(bad || !checked ? 1 : 0);
