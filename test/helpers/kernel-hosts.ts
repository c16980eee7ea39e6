/** The runtimes beside Node that run the kernels' cases: Chromium, Firefox and Deno. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bundle } from "./bundle.js";
import { DENO_RUN, denoEnvironment, denoProgram } from "./deno.js";
import { openFirefox } from "./firefox.js";
import type { KernelCases } from "./kernel-cases.js";
import type { KernelCall } from "./kernels-in-deno.js";
import { openPage } from "./page.js";
import { serveFolder } from "./serve-folder.js";

/** Whether the environment asks for every case in every runtime: minutes instead of seconds. */
export const WANTS_ALL_CASES = process.env.FCN_KERNEL_CASES === "all";

/** Names of adapters that run on the CPU. */
export const SOFTWARE_NAME = /software|llvmpipe|swiftshader/i;
/** A name that a person can read: no number, and not what stands for a missing name. */
export const READABLE_NAME = /^(?!unnamed ).*[a-z]{4}/i;

/**
 * lavapipe compiles in two thirds of the time without LLVM's passes. Its optimised code runs in Node's tests, and here
 * with all cases.
 */
const DRIVER = WANTS_ALL_CASES ? {} : { GALLIVM_PERF: "nopt" };

/** Calls a method of KernelCases in the runtime. */
type Call = (...call: KernelCall) => Promise<unknown>;

export interface KernelHost {
  call: Call;
  /** Requests of other hosts, and errors, so far. */
  complaints(): readonly string[];
  close(): Promise<void>;
}

interface CasesGlobal {
  readonly kernelCases: KernelCases;
}

/** Runs in a page. */
function callInPage([method, ...rest]: KernelCall): unknown {
  const { kernelCases } = globalThis as unknown as CasesGlobal;
  return (kernelCases[method] as (...args: readonly unknown[]) => unknown)(...rest);
}

const pageBundle = (): Promise<string> => bundle("test/helpers/kernel-cases.ts");

export async function openChromiumKernels(): Promise<KernelHost> {
  const open = await openPage("");
  const { page, foreign, errors } = open;
  await page.addScriptTag({ type: "module", content: await pageBundle() });
  await page.waitForFunction(() => "kernelCases" in globalThis);
  return {
    call: (...call) => page.evaluate(callInPage, call),
    complaints: () => [...foreign, ...errors],
    close: () => open.close(),
  };
}

export async function openFirefoxKernels(): Promise<KernelHost> {
  const server = await serveFolder("");
  const open = await openFirefox(server.origin, DRIVER);
  const { page, foreign, errors } = open;
  await page.addScriptTag({ type: "module", content: await pageBundle() });
  await page.waitForFunction(() => "kernelCases" in globalThis);
  return {
    call: (...call) => page.evaluate(callInPage, call),
    complaints: () => [...foreign, ...errors],
    async close() {
      await open.close();
      await server.close();
    },
  };
}

/** Deno gets no permission: neither files nor network. */
export async function openDenoKernels(): Promise<KernelHost> {
  const folder = await mkdtemp(join(tmpdir(), "fcn-deno-"));
  const script = join(folder, "kernels.mjs");
  await writeFile(script, await bundle("test/helpers/kernels-in-deno.ts"));
  const deno = spawn(denoProgram(), [...DENO_RUN, "--no-prompt", script], {
    env: { ...denoEnvironment(folder), ...DRIVER },
  });
  const said: string[] = [];
  deno.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const ended = new Promise<void>((resolve) => deno.once("close", () => resolve()));
  const lines = createInterface({ input: deno.stdout })[Symbol.asyncIterator]() as AsyncIterator<string>;
  return {
    async call(...call) {
      deno.stdin.write(`${JSON.stringify(call)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`Deno ended: ${said.join("")}`);
      return JSON.parse(line.value) as unknown;
    },
    complaints: () => said,
    async close() {
      deno.stdin.end();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
