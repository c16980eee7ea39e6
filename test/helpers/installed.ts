/**
 * The package as a stranger has it: `npm pack` of the build, unpacked where npm would put it, with its dependencies beside it
 * and nothing else. npm itself would fetch those dependencies; here they are linked, so that no test needs a network.
 */
import { execFile, execFileSync } from "node:child_process";
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

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NAME = "fcn-webgpu";
const windows = process.platform === "win32";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** What a test runner and npm leave in the environment would change what a stranger sees. */
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$|NODE_PATH$|FORCE_COLOR$)/.test(key),
    ),
  );

function run(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { ...cleanEnvironment(), NO_COLOR: "1" };
    execFile(
      program,
      [...args],
      { cwd, env, shell: windows && program !== process.execPath, timeout: 200_000, maxBuffer: 1 << 26 },
      (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        // Dawn prints two warnings of its own on some drivers.
        resolve({ code, out, err: err.replace(/^Warning: maxDynamic.*\n/gm, "") });
      },
    );
  });
}

/** Runs a development tool of this repository, by the program its package.json names. */
export function runTool(name: string, args: readonly string[], cwd = ROOT, from = import.meta.url): Promise<Ran> {
  const paths = createRequire(from).resolve.paths(name) ?? [];
  const folder = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, "package.json")));
  if (folder === undefined) throw new Error(`${name} is not installed: run npm ci`);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const program = typeof bin === "string" ? bin : bin[name === "typescript" ? "tsc" : (Object.keys(bin)[0] ?? "")];
  return run(process.execPath, [join(folder, program ?? ""), ...args], cwd);
}

export class Installed {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "fcn-installed-")));
  readonly tarball: string;
  readonly package = join(this.folder, "node_modules", NAME);
  readonly manifest: Manifest;

  constructor() {
    if (!existsSync(join(ROOT, "dist/.stamp"))) throw new Error("there is no build to pack: npm run build");
    execFileSync("npm", ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", this.folder], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "inherit"],
      shell: windows,
    });
    const modules = join(this.folder, "node_modules");
    mkdirSync(modules);
    this.manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
    this.tarball = `${NAME}-${this.manifest.version}.tgz`;
    execFileSync("tar", ["-xzf", this.tarball, "-C", "node_modules"], { cwd: this.folder });
    renameSync(join(modules, "package"), this.package);
    for (const dependency of Object.keys(this.manifest.dependencies)) this.link(dependency);
    mkdirSync(join(modules, ".bin"));
    for (const [name, file] of Object.entries(this.manifest.bin)) {
      chmodSync(join(this.package, file), 0o755);
      if (windows) writeFileSync(join(modules, ".bin", `${name}.cmd`), `@node "%~dp0\\..\\${NAME}\\${file}" %*\r\n`);
      else symlinkSync(join("..", NAME, file), join(modules, ".bin", name));
    }
    this.write(
      "package.json",
      JSON.stringify({ name: "consumer", private: true, dependencies: { [NAME]: this.manifest.version } }),
    );
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
    return run("npx", ["--no", "--offline", "--loglevel=error", "--", NAME, ...args], this.folder);
  }

  tool(name: string, ...args: string[]): Promise<Ran> {
    return runTool(name, args, this.folder);
  }
}

/** One installation for a test file; gone when the file ends. */
export function useInstalled(): () => Installed {
  let installed: Installed | undefined;
  beforeAll(() => {
    installed = new Installed();
  });
  afterAll(() => {
    if (installed) rmSync(installed.folder, { recursive: true, force: true });
  });
  return () => {
    if (!installed) throw new Error("the package is installed before the tests of a file run");
    return installed;
  };
}
