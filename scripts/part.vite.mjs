/**
 * Bundles a part of the package as a function of the modules that a page has anyway (asset-modules.mjs). The mode names
 * the part.
 */
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { HOST_FILE, PARTS, reachedFrom } from "./parts.mjs";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));

export default defineConfig(({ mode }) => {
  const part = PARTS.find(({ entry }) => entry === mode);
  if (!part) throw new Error(`the package has no part ${mode}`);
  return bundleOf(part);
});

/** @param {import("./parts.mjs").Part} part @returns {import("vite").UserConfig} */
function bundleOf({ folder: path, entry, inlined = [] }) {
  const folder = join(dist, path);
  const file = `${entry}.bundle.js`;
  // All kernels' shaders are in one module. A bundle takes the texts that it uses.
  const shared = reachedFrom(join(dist, "src/index.js"));
  shared.delete(join(dist, "shaders/wgsl.generated.js"));
  for (const module of inlined) shared.delete(join(dist, `${module}.js`));
  /** Modules of the page that the bundle uses, in the order of the function's arguments. */
  const hosts = [];
  const hostName = (/** @type {string} */ id) => {
    if (!hosts.includes(id)) hosts.push(id);
    return `host[${hosts.indexOf(id)}]`;
  };
  return {
    configFile: false,
    publicDir: false,
    plugins: [
      {
        name: "function-of-the-host",
        generateBundle(_, files) {
          writeFileSync(join(folder, HOST_FILE), JSON.stringify(hosts));
          files[file].code = `export default (host) => {\n${files[file].code}\nreturn part;\n};\n`;
        },
      },
    ],
    build: {
      lib: { entry: join(folder, `${entry}.js`), formats: ["iife"], name: "part", fileName: () => file },
      outDir: folder,
      emptyOutDir: false,
      target: "es2022",
      minify: true,
      rollupOptions: {
        external: (id, importer) => shared.has(importer ? resolve(dirname(importer), id) : id) || shared.has(id),
        output: { globals: hostName },
      },
    },
  };
}
