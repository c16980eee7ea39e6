/**
 * Modules of the package that a page loads when it needs them. Each is one file without imports, which is loaded by its
 * address: bundlers take `new URL("...", import.meta.url)` for an asset, so that they copy the file and need no code
 * splitting, which workers of Vite do not have by default.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { HOST_FILE, PARTS, reachedFrom } from "./parts.mjs";
import { bundle } from "./tool.mjs";

/** Vite makes `data:` URLs of assets below this size in bytes, which a page's Content-Security-Policy may forbid. */
const INLINED_BYTES = 4096;

/**
 * The text of a module that loads a bundle once; after a failure the next call tries again.
 * `use` is what becomes of the module, `thrown` what becomes of an error; `query` is for bundlers.
 * @param {{ exported: string, file: string, query?: string, before?: string, use?: string, thrown?: string }} parts
 */
function loaderText({ exported, file, query = "", before = "", use = "", thrown = "error" }) {
  return [
    before,
    "let loading;",
    "/** Loads them once; after a failure the next call tries again. */",
    `export const ${exported} = () => {`,
    `  const { href } = new URL("./${file}${query}", import.meta.url);`,
    `  loading ??= import(/* @vite-ignore */ /* webpackIgnore: true */ href)${use};`,
    "  return loading.catch((error) => {",
    "    loading = undefined;",
    `    throw ${thrown};`,
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

export function bundleParts(/** @type {string} */ dist) {
  for (const part of PARTS) bundlePart(dist, part);
}

function bundlePart(
  /** @type {string} */ dist,
  /** @type {import("./parts.mjs").Part} */ { folder: path, entry, loader, exported, bundled },
) {
  const folder = join(dist, path);
  bundle("part.vite.mjs", "--mode", entry);
  const hostFile = join(folder, HOST_FILE);
  /** @type {string[]} */
  const host = JSON.parse(readFileSync(hostFile, "utf8"));
  const ofPage = reachedFrom(join(dist, "src/index.js"));
  const all = importedNames([...reachedFrom(join(folder, `${entry}.js`))].filter((file) => !ofPage.has(file)));
  const namesOf = (/** @type {string} */ file) => [...(all.get(file) ?? [])].sort();
  const imports = host.map((file, i) => {
    const from = relative(folder, file).replace(/^(?!\.)/, "./");
    return `import { ${namesOf(file)
      .map((name) => `${name} as ${name}${i}`)
      .join(", ")} } from "${from}";`;
  });
  const objects = host.map((file, i) => {
    const properties = namesOf(file).map((name) => `${name}: ${name}${i}`);
    return `  { ${properties.join(", ")} },`;
  });
  const importError = `import { cannotLoad } from "${relative(folder, join(dist, "src/base/part.js"))}";`;
  // A function, because modules that import each other may be incomplete while this one is loaded.
  const before = [importError, ...imports, "", "const host = () => [", ...objects, "];"].join("\n");
  const use = ".then((module) => module.default(host()))";
  const file = `${entry}.bundle.js`;
  const query = statSync(join(folder, file)).size < INLINED_BYTES ? "?no-inline" : "";
  const thrown = `cannotLoad("${file}", error)`;
  writeFileSync(join(folder, `${loader}.js`), loaderText({ exported, file, query, before, use, thrown }));
  // Nothing imports the modules that are bundled, but for those that training has without the bundle, nor the types of
  // what imports the bundle.
  const ofTraining = reachedFrom(join(dist, "src/train/index.js"));
  const unused = bundled.filter((name) => !ofTraining.has(join(folder, `${name}.js`)));
  remove(folder, [HOST_FILE, `${loader}.d.ts`, ...unused.flatMap((name) => [`${name}.js`, `${name}.d.ts`])]);
}
