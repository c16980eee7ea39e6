/**
 * The package as a user has it: `npm pack` of the build, unpacked where npm would put it, with its dependencies beside
 * it and nothing else. npm itself would download those dependencies. Here they are links, so that no test needs a
 * network.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { runProgram } from "./run-program.js";
import type { Ran } from "./run-program.js";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NAME = "fcn-webgpu";
const TIMEOUT_MS = 200_000;
const windows = process.platform === "win32";

export interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** Variables that a test runner and npm set, and that change what programs do. */
const NOT_OF_USERS = /^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$|NODE_PATH$|FORCE_COLOR$)/;

function userEnvironment(): NodeJS.ProcessEnv {
  const variables = Object.entries(process.env).filter(([name]) => !NOT_OF_USERS.test(name));
  return { ...Object.fromEntries(variables), NO_COLOR: "1" };
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  const shell = windows && program !== process.execPath;
  return runProgram(program, args, { cwd, env: userEnvironment(), shell, timeoutMs: TIMEOUT_MS });
}

type Bin = string | Readonly<Record<string, string>>;

/** The program of a package, from the `bin` of its package.json. */
function programOf(name: string, bin: Bin): string {
  if (typeof bin === "string") return bin;
  const command = name === "typescript" ? "tsc" : Object.keys(bin)[0];
  return bin[command ?? ""] ?? "";
}

/** Runs a development tool of this repository. `from` is the module that would import it. */
export function runTool(name: string, args: readonly string[], cwd = ROOT, from = import.meta.url): Promise<Ran> {
  const paths = createRequire(from).resolve.paths(name) ?? [];
  const folder = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, "package.json")));
  if (folder === undefined) throw new Error(`${name} is not installed: run npm ci`);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { bin: Bin };
  return run(process.execPath, [join(folder, programOf(name, bin)), ...args], cwd);
}

export class Installed {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "fcn-installed-")));
  readonly tarball: string;
  readonly package = join(this.folder, "node_modules", NAME);
  readonly manifest: Manifest;

  constructor() {
    if (!existsSync(join(ROOT, "dist/.stamp"))) throw new Error("there is no build to pack: npm run build");
    this.manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
    this.tarball = `${NAME}-${this.manifest.version}.tgz`;
    mkdirSync(join(this.folder, "node_modules"));
    this.#packAndUnpack();
    for (const dependency of Object.keys(this.manifest.dependencies)) this.link(dependency);
    this.#linkPrograms();
    const dependencies = { [NAME]: this.manifest.version };
    this.write("package.json", JSON.stringify({ name: "consumer", private: true, dependencies }));
  }

  #packAndUnpack(): void {
    const args = ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", this.folder];
    execFileSync("npm", args, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"], shell: windows });
    execFileSync("tar", ["-xzf", this.tarball, "-C", "node_modules"], { cwd: this.folder });
    renameSync(join(this.folder, "node_modules/package"), this.package);
  }

  /** Makes the package's programs callable, as npm does. */
  #linkPrograms(): void {
    const bin = join(this.folder, "node_modules/.bin");
    mkdirSync(bin);
    for (const [name, file] of Object.entries(this.manifest.bin)) {
      chmodSync(join(this.package, file), 0o755);
      if (windows) writeFileSync(join(bin, `${name}.cmd`), `@node "%~dp0\\..\\${NAME}\\${file}" %*\r\n`);
      else symlinkSync(join("..", NAME, file), join(bin, name));
    }
  }

  /** Makes a package of the repository's own node_modules resolvable here. */
  link(dependency: string): void {
    const at = join(this.folder, "node_modules", dependency);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(realpathSync(join(ROOT, "node_modules", dependency)), at, "junction");
  }

  unlink(dependency: string): void {
    rmSync(join(this.folder, "node_modules", dependency));
  }

  write(file: string, content: string | Uint8Array): string {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Runs `node ...args` there. */
  node(...args: string[]): Promise<Ran> {
    return run(process.execPath, args, this.folder);
  }

  /** Runs the installed program as `npx` finds it, without asking a registry. */
  npx(...args: string[]): Promise<Ran> {
    return this.npxAs(NAME, ...args);
  }

  /** The same by another of its names. */
  npxAs(name: string, ...args: string[]): Promise<Ran> {
    return run("npx", ["--no", "--offline", "--loglevel=error", "--", name, ...args], this.folder);
  }

  /** Runs a development tool of this repository there. */
  tool(name: string, ...args: string[]): Promise<Ran> {
    return runTool(name, args, this.folder);
  }
}

/** One installation for a test file. It is deleted when the file ends. */
export function useInstalled(): () => Installed {
  let installed: Installed | undefined;
  beforeAll(() => {
    installed = new Installed();
  });
  afterAll(() => {
    if (installed) rmSync(installed.folder, { recursive: true, force: true });
  });
  return () => {
    if (!installed) throw new Error("the package is installed before the tests of a file run, not when it loads");
    return installed;
  };
}
