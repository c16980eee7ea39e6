/** A network measured in a process of its own: its first call is cold, and the memory is its own. */
import { spawn } from "node:child_process";
import { FcnError } from "../src/base/errors.js";
import type { ModelRow, ModelTask } from "./model-row.js";

/** Longer than any network takes, tuning and naive kernels included. */
const TIMEOUT_MS = 30 * 60_000;

/** Turns off the shader caches of Mesa and of NVIDIA's driver. */
const WITHOUT_SHADER_CACHES = { MESA_SHADER_CACHE_DISABLE: "true", __GL_SHADER_DISK_CACHE: "0" };

/** How the program begins its own error messages: with the name that was typed. */
const PREFIX = /^fcn(-webgpu)?: /;

/** The program's last error message, or its last line: a stack has lines after the message. */
function lastError(stderr: string): string | undefined {
  const lines = stderr.trim().split("\n");
  const message = lines.filter((line) => PREFIX.test(line)).at(-1);
  return message?.replace(PREFIX, "") ?? lines.at(-1);
}

/**
 * Runs `main bench model TASK`, with the drivers' shader caches off.
 * @param main the program's script
 * @throws gpu-error with the last error message of that process
 */
export function measureApart(main: string, task: ModelTask): Promise<ModelRow> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, "bench", "model", JSON.stringify(task)], {
      env: { ...process.env, ...WITHOUT_SHADER_CACHES },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
    });
    // When this process ends, also by a signal, the other one ends too.
    const end = (): void => void child.kill();
    process.once("exit", end);
    child.on("close", () => process.off("exit", end));
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) {
        resolve(JSON.parse(stdout) as ModelRow);
        return;
      }
      const reason = lastError(stderr) || `the process ended with ${String(code)}`;
      const network = `${task.variant} at ${task.width}x${task.height}`;
      reject(new FcnError("gpu-error", `bench: measuring ${network} failed: ${reason}`));
    });
  });
}
