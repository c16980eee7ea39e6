/** Runs programs to their end. What they print goes to the terminal unless `output` says otherwise. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "./setup.mjs";

/**
 * Where a program's stdout goes. "stderr" keeps stdout free for the program that runs afterwards.
 * @typedef {"inherit" | "stderr" | "ignore"} Output
 */

/** @type {Record<Output, import("node:child_process").StdioOptions>} */
const STDIO = {
  inherit: "inherit",
  stderr: ["inherit", 2, "inherit"],
  ignore: "ignore",
};

/**
 * Runs Node with `args`.
 * @param {string[]} args
 * @param {{ output?: Output | undefined, cwd?: string | undefined }} [options]
 * @returns {number} its exit code; 1 when a signal ended it
 */
export function node(args, { output = "inherit", cwd = root } = {}) {
  const { status } = spawnSync(process.execPath, args, { cwd, stdio: STDIO[output] });
  return status ?? 1;
}

/**
 * Runs Node with `args` beside others. What it prints comes in one piece when it ends.
 * @param {string[]} args
 * @returns {Promise<number>} its exit code; 1 when a signal ended it
 */
export async function nodeBeside(args) {
  const colours = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: "1" } : {};
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...colours },
    stdio: ["ignore", "pipe", "pipe"],
  });
  /** @type {Buffer[]} */
  const printed = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (/** @type {Buffer} */ data) => printed.push(data));
  const [status] = await once(child, "close");
  process.stdout.write(Buffer.concat(printed));
  return status ?? 1;
}

/**
 * Runs a program of an npm package.
 * @param {string} program its path in node_modules, such as "eslint/bin/eslint.js"
 * @param {string[]} args
 * @param {{ output?: Output | undefined, cwd?: string | undefined }} [options]
 * @returns {number} its exit code
 */
export function tool(program, args, options) {
  return node([join(root, "node_modules", program), ...args], options);
}

/** Runs a Vite configuration of this folder. @throws Error when it fails */
export function bundle(/** @type {string} */ config, /** @type {string[]} */ ...args) {
  const build = ["build", "--config", join(root, "scripts", config), "--logLevel", "error", ...args];
  const status = tool("vite/bin/vite.js", build, { output: "stderr" });
  if (status !== 0) throw new Error(`${config} ${args.join(" ")} made no bundle`);
}
