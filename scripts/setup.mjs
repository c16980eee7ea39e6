/**
 * Makes a bare machine ready: npm packages and a Vulkan driver that Dawn accepts. It uses Node's built-in modules only,
 * because nothing else may be installed yet, and it is quick when everything is there. `npm run setup` calls it, and so
 * do the other tasks that need an adapter.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SWIFTSHADER_PLACES, backportsSource, chooseDriver, parseAptSources, parseOsRelease } from "./vulkan.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));
const BACKPORTS_FILE = "/etc/apt/sources.list.d/fcn-webgpu-backports.sources";
const OLDEST_NODE = [20, 19];
/** A driver that hangs counts as none after this time. */
const PROBE_TIMEOUT_MS = 60_000;

/** A failure that the user can act on. It is printed without a stack. */
export class SetupError extends Error {}

/** Set-up prints to stderr, because stdout belongs to the command that follows. */
export const say = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [wantMajor, wantMinor] = OLDEST_NODE;
  if (major < wantMajor || (major === wantMajor && minor < wantMinor)) {
    const needed = OLDEST_NODE.join(".");
    throw new SetupError(`Node ${process.versions.node} is too old: fcn-webgpu needs Node ${needed} or newer.`);
  }
}

/** The packages of a lock file: pairs of a path in node_modules and what the file says about it. */
const packagesOf = (/** @type {string} */ lockFile) =>
  Object.entries(JSON.parse(readFileSync(lockFile, "utf8")).packages ?? {});

/**
 * Whether node_modules holds what package-lock.json lists. It compares versions rather than times, because git changes
 * the times of files.
 */
function hasPackages() {
  const installedFile = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  const installed = new Map(packagesOf(installedFile).map(([path, { version }]) => [path, version]));
  return packagesOf(join(root, "package-lock.json")).every(([path, { version, optional }]) => {
    const isProject = path === "";
    if (isProject) return true;
    // npm leaves out the builds for other systems, which are optional.
    return installed.has(path) ? installed.get(path) === version : optional === true;
  });
}

/**
 * Checks Node and installs the npm packages. No package needs its install script: those of esbuild and Deno only save
 * time, and webgpu's only removes a quarantine mark on macOS.
 * @throws {SetupError}
 */
export function installPackages() {
  checkNode();
  if (hasPackages()) return;
  say("Installing npm packages ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status, stderr } = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new SetupError(`npm ci failed: ${lastLine(stderr) || "npm could not be started"}`);
  if (!hasPackages()) {
    throw new SetupError(
      "npm ci succeeded, but node_modules does not hold what package-lock.json lists: see npm's log.",
    );
  }
}

/** The last line that a program printed, without npm's prefix. */
function lastLine(/** @type {string | null} */ text) {
  const line = (text ?? "").trim().split("\n").at(-1) ?? "";
  return line.replace(/^npm error\s*/, "");
}

/** Vulkan loaders want a private runtime directory; this one is there, and has no sockets. */
function ensureRuntimeDirectory() {
  process.env.XDG_RUNTIME_DIR ??= root;
}

const PROBE = `
  import { create } from "webgpu";
  globalThis.kept = create([]);
  const adapter = await globalThis.kept.requestAdapter({ powerPreference: "high-performance" });
  let text = "null";
  if (adapter) {
    const { device, description } = adapter.info;
    text = JSON.stringify({ name: device || description, driver: description });
  }
  process.stdout.write(text, () => process.exit(0));
`;

/**
 * Asks Dawn for an adapter. Dawn refuses some drivers and crashes with others, so it runs in a process of its own.
 * @returns {{ name: string, driver: string } | null}
 */
function probe() {
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", PROBE], {
    cwd: root,
    encoding: "utf8",
    timeout: PROBE_TIMEOUT_MS,
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

/** Runs apt-get as root. @param {string[]} args @throws {SetupError} */
export function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, stderr } = spawnSync("apt-get", args, { env, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) {
    throw new SetupError(`apt-get ${args[0]} failed: ${lastLine(stderr)}; check the network and try again`);
  }
}

/** The version of mesa-vulkan-drivers that apt would install. */
function candidateVersion() {
  try {
    const policy = execFileSync("apt-cache", ["policy", "mesa-vulkan-drivers"], { encoding: "utf8" });
    return /Candidate:\s*(\S+)/.exec(policy)?.[1];
  } catch {
    return undefined;
  }
}

/** Installs or finds a driver. @returns {string | undefined} a driver manifest for Vulkan, where one must be named */
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

/**
 * Installs packages and a driver, and sets the environment for the commands that follow.
 * @returns the adapter
 * @throws {SetupError}
 */
export function setup() {
  installPackages();
  ensureRuntimeDirectory();
  let adapter = probe();
  if (!adapter) {
    const manifest = installDriver();
    if (manifest) {
      process.env.VK_DRIVER_FILES = manifest;
      process.env.VK_ICD_FILENAMES = manifest;
    }
    adapter = probe();
  }
  if (!adapter) {
    throw new SetupError(
      "A Vulkan driver is installed, but Dawn does not accept it: run `npm run build` and then " +
        "`node dist/bundles/node/fcn.js doctor`, which shows Dawn's own messages.",
    );
  }
  if (hasNvidia() && !/nvidia/i.test(adapter.name + adapter.driver)) {
    say(
      `There is an NVIDIA GPU here, but Vulkan finds only ${adapter.name}: in a container set ` +
        "NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility, and check that libvulkan1 and nvidia_icd.json are there.",
    );
  }
  return adapter;
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
