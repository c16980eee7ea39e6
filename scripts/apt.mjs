/** What Debian's apt-get can install on this machine. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

const LISTS = "/var/lib/apt/lists";

let hasLists = false;

/** Images of containers have no lists of packages, so apt knows none. If this fails, no package is offered. */
function fetchLists() {
  if (hasLists) return;
  hasLists = true;
  const isEmpty = existsSync(LISTS) && !readdirSync(LISTS).some((name) => name.includes("_Packages"));
  if (!isEmpty || process.getuid?.() !== 0) return;
  process.stderr.write("Fetching apt's lists of packages ...\n");
  spawnSync("apt-get", ["update", "-q"], { stdio: "ignore" });
}

/** Whether apt can install the package. @param {string} name */
export function isOffered(name) {
  if (process.platform !== "linux" || !existsSync("/usr/bin/apt-get")) return false;
  fetchLists();
  return spawnSync("apt-cache", ["show", name], { stdio: "ignore" }).status === 0;
}
