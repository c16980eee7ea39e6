/** Deno from its npm package, for tests. Its WebGPU is wgpu, on the machine's Vulkan driver. */
import { createRequire } from "node:module";

interface DenoPackage {
  /** Path of the program for this system. @throws where the package has none */
  runInstall(): string;
}

/** Arguments before those of a script. Nothing is downloaded. */
export const DENO_RUN = ["run", "--unstable-webgpu", "--no-lock", "--no-remote"] as const;

/** npm does not run the package's install script. Its own program does the same when it is called first. */
export function denoProgram(): string {
  const require = createRequire(import.meta.url);
  return (require("deno/install_api.cjs") as DenoPackage).runInstall();
}

/** The environment of a Deno that keeps its caches in `folder` and asks nobody for a newer version. */
export const denoEnvironment = (folder: string): NodeJS.ProcessEnv => ({
  ...process.env,
  DENO_DIR: folder,
  DENO_NO_UPDATE_CHECK: "1",
  NO_COLOR: "1",
});
