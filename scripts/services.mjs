/**
 * Finds or installs the engines of the tests of `deploy/`: Slurm and Redis, from Debian's packages. The tests start
 * them as processes of their own; the system's services stay as they are.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { isOffered } from "./apt.mjs";

/** The programs of each package. */
const PROGRAMS = /** @type {const} */ ({
  munge: ["munged"],
  "slurm-wlm": ["slurmctld", "slurmd", "sbatch", "squeue", "scancel"],
  "redis-server": ["redis-server"],
});

/** @typedef {keyof typeof PROGRAMS} ServicePackage */

/** /usr/sbin is not in everybody's PATH. */
const FOLDERS = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

/** @param {string} program @returns {string | undefined} its path */
export const findProgram = (program) => FOLDERS.map((folder) => join(folder, program)).find(existsSync);

/** Packages of which a program is missing. @param {readonly ServicePackage[]} packages */
const missingOf = (packages) => packages.filter((name) => PROGRAMS[name].some((program) => !findProgram(program)));

/**
 * What must be installed before a test of these packages can run.
 * @param {readonly ServicePackage[]} packages
 * @returns {string | undefined} a sentence; undefined where all is there
 */
export function missingServices(packages) {
  const missing = missingOf(packages);
  if (missing.length === 0) return undefined;
  const names = missing.join(" ");
  const how = isOffered("munge")
    ? `type: sudo apt-get install ${names}`
    : `install ${names} (names of Debian), with ${missing.flatMap((name) => PROGRAMS[name]).join(", ")} in the PATH`;
  return `This test needs ${missing.join(" and ")}; ${how}`;
}

/** Debian starts the services of a package that is installed, unless this file says no. */
const POLICY = "/usr/sbin/policy-rc.d";

/**
 * Installs them as root where apt-get can. Elsewhere nothing happens, and the tests say what they need.
 * @param {(args: string[]) => void} apt runs apt-get; throws if it fails
 */
export function ensureServices(apt) {
  const missing = missingOf(/** @type {ServicePackage[]} */ (Object.keys(PROGRAMS)));
  if (missing.length === 0 || process.getuid?.() !== 0 || !isOffered("munge")) return;
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    apt(["install", "-y", "-q", "--no-install-recommends", ...missing]);
  } finally {
    if (isOurs) rmSync(POLICY, { force: true });
  }
}
