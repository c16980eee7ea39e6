/**
 * Makes a bare machine ready: npm packages and a Vulkan driver that Dawn accepts. Uses Node's built-ins alone, since nothing
 * else may be there yet. Quick when all is done already. `npm run demo` and `npm test` call it; so may you: npm run setup
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBrowser } from "./browser.mjs";
import { SWIFTSHADER_PLACES, backportsSource, chooseDriver, parseAptSources, parseOsRelease } from "./vulkan.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));
const BACKPORTS_FILE = "/etc/apt/sources.list.d/fcn-webgpu-backports.sources";
const OLDEST_NODE = [20, 19];

/** A failure the reader can act on: printed without a stack. */
export class SetupError extends Error {}

/** Everything set-up says goes to stderr: stdout belongs to the command that follows. */
const say = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [wantMajor, wantMinor] = OLDEST_NODE;
  if (major < wantMajor || (major === wantMajor && minor < wantMinor)) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: fcn-webgpu needs Node ${OLDEST_NODE.join(".")} or newer.`,
    );
  }
}

/** Whether node_modules holds what the lock file lists. By version, not by time: git touches files, and npm ci takes a while. */
function packagesAreThere() {
  const installed = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const packagesOf = (/** @type {string} */ path) =>
    Object.entries(JSON.parse(readFileSync(path, "utf8")).packages ?? {});
  const there = new Map(packagesOf(installed).map(([path, { version }]) => [path, version]));
  return packagesOf(join(root, "package-lock.json")).every(([path, { version, optional }]) => {
    if (path === "") return true; // the project itself
    return there.has(path) ? there.get(path) === version : optional === true; // left out: builds for other systems
  });
}

/** Node and the npm packages. None needs its install script: esbuild's saves time, webgpu's lifts a mark of macOS. @throws {SetupError} */
export function installPackages() {
  checkNode();
  if (packagesAreThere()) return;
  say("Installing npm packages ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status, stderr } = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new SetupError(`npm ci failed: ${lastLine(stderr) || "npm could not be started"}`);
  if (!packagesAreThere())
    throw new SetupError(
      "npm ci ended well, but node_modules does not hold what package-lock.json lists: look at npm's own log.",
    );
}

const lastLine = (/** @type {string | null} */ text) =>
  (text ?? "")
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^npm error\s*/, "") ?? "";

/** Vulkan loaders want a private runtime directory. */
function runtimeDirectory() {
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
}

const PROBE = `
  import { create } from "webgpu";
  globalThis.kept = create([]);
  const adapter = await globalThis.kept.requestAdapter({ powerPreference: "high-performance" });
  const text = adapter ? JSON.stringify({ name: adapter.info.device || adapter.info.description, driver: adapter.info.description }) : "null";
  process.stdout.write(text, () => process.exit(0));
`;

/**
 * Asks Dawn itself, in a process of its own: a driver it refuses is as good as none, and some crash.
 * @param {Record<string, string>} [env]
 * @returns {{ name: string, driver: string } | null}
 */
function probe(env = {}) {
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", PROBE], {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: "utf8",
    timeout: 60_000,
  });
  try {
    return JSON.parse(stdout);
  } catch {
    return null;
  }
}

/** @returns {import("./vulkan.mjs").AptEntry[]} */
function aptEntries() {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
  return ["/etc/apt/sources.list", ...files].filter(existsSync).flatMap((file) => {
    if (file.endsWith(".sources")) return parseAptSources(readFileSync(file, "utf8"), "deb822");
    return file.endsWith(".list") ? parseAptSources(readFileSync(file, "utf8"), "list") : [];
  });
}

/** @param {string[]} args */
function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, stderr } = spawnSync("apt-get", args, { env, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0)
    throw new SetupError(`apt-get ${args[0]} failed: ${lastLine(stderr)}; check the network and try again`);
}

function candidateVersion() {
  try {
    return /Candidate:\s*(\S+)/.exec(
      execFileSync("apt-cache", ["policy", "mesa-vulkan-drivers"], { encoding: "utf8" }),
    )?.[1];
  } catch {
    return undefined;
  }
}

function installDriver() {
  const linux = process.platform === "linux";
  const os = parseOsRelease(linux && existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "");
  const haveApt = linux && existsSync("/usr/bin/apt-get");
  const isRoot = process.getuid?.() === 0;
  const source = haveApt ? backportsSource(aptEntries(), os.codename) : undefined;
  if (haveApt && isRoot) apt(["update", "-q"]);
  const choice = chooseDriver({
    platform: process.platform,
    os,
    root: isRoot,
    apt: haveApt,
    candidate: haveApt ? candidateVersion() : undefined,
    backports: source !== undefined,
    swiftshader: SWIFTSHADER_PLACES.find(existsSync),
  });
  if (choice.action === "advise") throw new SetupError(choice.sentence);
  if (choice.action === "swiftshader") return choice.icd;
  say("Installing Mesa's software Vulkan driver ...");
  if (choice.suite && source) {
    writeFileSync(BACKPORTS_FILE, source);
    apt(["update", "-q"]);
  }
  const suite = choice.suite ? ["-t", choice.suite] : [];
  apt(["install", "-y", "-q", "--no-install-recommends", ...suite, "mesa-vulkan-drivers", "libvulkan1"]);
  return undefined;
}

/** Whether the kernel has NVIDIA's driver, with or without its Vulkan part. */
const hasNvidia = () => existsSync("/proc/driver/nvidia/gpus") || existsSync("/dev/nvidia0");

/** Packages, driver, environment of the commands that follow; gives the adapter. @throws {SetupError} */
export function setup() {
  installPackages();
  runtimeDirectory();
  let adapter = probe();
  if (!adapter) {
    const icd = installDriver();
    if (icd) process.env.VK_DRIVER_FILES = process.env.VK_ICD_FILENAMES = icd;
    adapter = probe();
  }
  if (adapter && hasNvidia() && !/nvidia/i.test(adapter.name + adapter.driver)) {
    say(
      `There is an NVIDIA GPU here, but Vulkan finds ${adapter.name} alone: in a container set NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility, and see that libvulkan1 and nvidia_icd.json are there.`,
    );
  }
  if (!adapter)
    throw new SetupError(
      "A Vulkan driver is installed, but Dawn accepts none of them: run `npm run -s fcn -- doctor` and look at its driver lines.",
    );
  return adapter;
}

/** What the browser tests need besides. @throws {SetupError} */
export function setupBrowser() {
  const problem = ensureBrowser((args) => {
    say("Installing Chromium for the browser tests ...");
    apt(["update", "-q"]);
    apt(args);
  });
  if (problem) throw new SetupError(problem);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    say(`Ready. Adapter: ${setup().name}`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
