/** A module of the tests and all it imports as one script for a page, from the sources (no build needed). */
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** `entry` is relative to the repository. */
export async function bundle(entry: string): Promise<string> {
  const lib = { entry: `${root}${entry}`, formats: ["es" as const], fileName: "bundle" };
  const result = await build({
    root,
    configFile: false,
    logLevel: "error",
    build: { lib, write: false, minify: false, target: "esnext" },
  });
  const [built] = Array.isArray(result) ? result : [result];
  const chunk = built && "output" in built ? built.output.find((part) => part.type === "chunk") : undefined;
  if (chunk?.type !== "chunk") throw new Error(`${entry} was not bundled`);
  return chunk.code;
}
