/** Bundles the readers of .pth files into one file without imports (package.mjs). */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const weights = fileURLToPath(new URL("../dist/src/weights/", import.meta.url));

export default defineConfig({
  configFile: false,
  publicDir: false,
  build: {
    lib: { entry: `${weights}pth/readers.js`, formats: ["es"], fileName: () => "pth-readers.bundle.js" },
    outDir: weights,
    emptyOutDir: false,
    target: "es2022",
    minify: true,
  },
});
