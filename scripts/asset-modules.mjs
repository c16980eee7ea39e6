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

/** Where other-backbones.vite.mjs leaves what its bundle takes from the page's own modules. */
export const HOST_FILE = "others.host.json";

/**
 * The backbones that are not ResNets, with the kernels that only they use. What a page has in any case is not bundled
 * again: the bundle is a function of it.
 */
export function bundleOtherBackbones(/** @type {string} */ dist) {
  const folder = join(dist, "src/models/backbones");
  bundle("other-backbones.vite.mjs");
  const hostFile = join(folder, HOST_FILE);
  /** @type {[file: string, names: string[]][]} */
  const host = JSON.parse(readFileSync(hostFile, "utf8"));
  const imports = host.map(([file, names], i) => {
    const path = relative(folder, file).replace(/^(?!\.)/, "./");
    return `import { ${names.map((name) => `${name} as ${name}${i}`).join(", ")} } from "${path}";`;
  });
  const objects = host.map(([, names], i) => `  { ${names.map((name) => `${name}: ${name}${i}`).join(", ")} },`);
  const before = [...imports, "", "const host = [", ...objects, "];"].join("\n");
  const use = ".then((module) => module.default(host))";
  const text = loaderText({ exported: "importOtherBackbones", file: "others.bundle.js", before, use });
  writeFileSync(join(folder, "import-others.js"), text);
  const bundled = ["others", "mobilenet-v2", "vgg16"].flatMap((name) => [`${name}.js`, `${name}.d.ts`]);
  remove(folder, [HOST_FILE, "import-others.d.ts", ...bundled]);
}
