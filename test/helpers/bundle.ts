/** Bundles a module of the tests and its imports as one script for a page, from the sources: no build is needed. */
import { build } from "vite";
import { root } from "./sources.js";

/** @param entry relative to the repository */
export async function bundle(entry: string): Promise<string> {
  const lib = { entry: `${root}${entry}`, formats: ["es" as const], fileName: "bundle" };
  const result = await build({
    root,
    configFile: false,
    logLevel: "error",
    build: {
      ...{ lib, write: false, minify: false, target: "esnext" },
      rollupOptions: { output: { codeSplitting: false } },
    },
  });
  const [built] = Array.isArray(result) ? result : [result];
  const chunk = built && "output" in built ? built.output.find((part) => part.type === "chunk") : undefined;
  if (chunk?.type !== "chunk") throw new Error(`${entry} was not bundled`);
  return chunk.code;
}
