/** Bundles the backbones that are not ResNets as a function of what a page has anyway (asset-modules.mjs). */
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { HOST_FILE, reachedFrom } from "./asset-modules.mjs";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const folder = join(dist, "src/models/backbones");

// All kernels' shaders are in one module. A bundle takes the texts that it uses.
const shared = reachedFrom(join(dist, "src/index.js"));
shared.delete(join(dist, "shaders/wgsl.generated.js"));

/** Modules of the page that the bundle uses, in the order of the function's arguments. */
const hosts = [];
const hostName = (/** @type {string} */ id) => {
  if (!hosts.includes(id)) hosts.push(id);
  return `host[${hosts.indexOf(id)}]`;
};

export default defineConfig({
  configFile: false,
  publicDir: false,
  plugins: [
    {
      name: "function-of-the-host",
      generateBundle(_, files) {
        const chunk = files["others.bundle.js"];
        writeFileSync(join(folder, HOST_FILE), JSON.stringify(hosts));
        chunk.code = `export default (host) => {\n${chunk.code}\nreturn backbones;\n};\n`;
      },
    },
  ],
  build: {
    lib: {
      entry: join(folder, "others.js"),
      formats: ["iife"],
      name: "backbones",
      fileName: () => "others.bundle.js",
    },
    outDir: folder,
    emptyOutDir: false,
    target: "es2022",
    minify: true,
    rollupOptions: {
      external: (id, importer) => shared.has(importer ? resolve(dirname(importer), id) : id) || shared.has(id),
      output: { globals: hostName },
    },
  },
});
