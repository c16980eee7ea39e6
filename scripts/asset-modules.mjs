/**
 * Modules of the package that a page loads when it needs them. Each is one file without imports, which is loaded by its
 * address: bundlers take `new URL("...", import.meta.url)` for an asset, so that they copy the file and need no code
 * splitting, which workers of Vite do not have by default.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { tool } from "./tool.mjs";

/** Runs a Vite configuration of this folder. */
function bundle(/** @type {string} */ config) {
  const path = fileURLToPath(new URL(config, import.meta.url));
  const status = tool("vite/bin/vite.js", ["build", "--config", path, "--logLevel", "error"], { output: "stderr" });
  if (status !== 0) throw new Error(`${config} made no bundle`);
}

/**
 * The text of a module that loads a bundle once; after a failure the next call tries again.
 * @param {{ exported: string, file: string, before?: string, use?: string }} parts `use` is what becomes of the module
 */
function loaderText({ exported, file, before = "", use = "" }) {
  return [
    before,
    "let loading;",
    "/** Loads them once; after a failure the next call tries again. */",
    `export const ${exported} = () => {`,
    `  const { href } = new URL("./${file}", import.meta.url);`,
    `  loading ??= import(/* @vite-ignore */ /* webpackIgnore: true */ href)${use};`,
    "  return loading.catch((error) => {",
    "    loading = undefined;",
    "    throw error;",
    "  });",
    "};",
    "",
  ].join("\n");
}

const remove = (/** @type {string} */ folder, /** @type {string[]} */ paths) => {
  for (const path of paths) rmSync(join(folder, path), { recursive: true, force: true });
};

/** The readers of .pth files. */
export function bundlePthReaders(/** @type {string} */ dist) {
  const weights = join(dist, "src/weights");
  bundle("pth-readers.vite.mjs");
  const text = loaderText({ exported: "importPthReaders", file: "pth-readers.bundle.js" });
  writeFileSync(join(weights, "import-pth-readers.js"), text);
  // Nothing imports the modules that are bundled, nor the types of what imports the bundle.
  remove(weights, ["pth", "pth-readers.d.ts", "import-pth-readers.d.ts"]);
}

/** The shaders that few pages run. */
export function writeRareShaders(/** @type {string} */ dist, /** @type {string} */ text) {
  const folder = join(dist, "src/gpu");
  writeFileSync(join(folder, "rare-shaders.bundle.js"), text);
  const use = ".then((module) => module.default)";
  const loader = loaderText({ exported: "importRareShaders", file: "rare-shaders.bundle.js", use });
  writeFileSync(join(folder, "import-rare-shaders.js"), loader);
}

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

/** Where other-backbones.vite.mjs leaves the modules of the page that its bundle uses, in order. */
export const HOST_FILE = "others.host.json";

/** The names that some modules import from others. @returns {Map<string, Set<string>>} by the path of the other */
function importedNames(/** @type {Iterable<string>} */ modules) {
  /** @type {Map<string, Set<string>>} */
  const names = new Map();
  for (const file of modules) {
    const text = readFileSync(file, "utf8");
    for (const [, list = "", path = ""] of text.matchAll(/^import \{([^}]*)\} from "(\.[^"]+)"/gm)) {
      const from = resolve(dirname(file), path);
      const known = names.get(from) ?? new Set();
      for (const item of list.split(",").filter((text) => text.trim() !== "")) {
        known.add(item.trim().split(" as ")[0] ?? "");
      }
      names.set(from, known);
    }
  }
  return names;
}

/**
 * The backbones that are not ResNets, with the kernels that only they use. What a page has in any case is not bundled
 * again: the bundle is a function of it.
 */
export function bundleOtherBackbones(/** @type {string} */ dist) {
  const folder = join(dist, "src/models/backbones");
  bundle("other-backbones.vite.mjs");
  const hostFile = join(folder, HOST_FILE);
  /** @type {string[]} */
  const host = JSON.parse(readFileSync(hostFile, "utf8"));
  const ofPage = reachedFrom(join(dist, "src/index.js"));
  const all = importedNames([...reachedFrom(join(folder, "others.js"))].filter((file) => !ofPage.has(file)));
  const namesOf = (/** @type {string} */ file) => [...(all.get(file) ?? [])].sort();
  const imports = host.map((file, i) => {
    const path = relative(folder, file).replace(/^(?!\.)/, "./");
    return `import { ${namesOf(file)
      .map((name) => `${name} as ${name}${i}`)
      .join(", ")} } from "${path}";`;
  });
  const objects = host.map((file, i) => {
    const properties = namesOf(file).map((name) => `${name}: ${name}${i}`);
    return `  { ${properties.join(", ")} },`;
  });
  const before = [...imports, "", "const host = [", ...objects, "];"].join("\n");
  const use = ".then((module) => module.default(host))";
  const text = loaderText({ exported: "importOtherBackbones", file: "others.bundle.js", before, use });
  writeFileSync(join(folder, "import-others.js"), text);
  const bundled = ["others", "mobilenet-v2", "vgg16"].flatMap((name) => [`${name}.js`, `${name}.d.ts`]);
  remove(folder, [HOST_FILE, "import-others.d.ts", ...bundled]);
}
