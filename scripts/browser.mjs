/**
 * Finds a Chromium for the browser tests, or installs Debian's as root. WebGPU runs on Chromium's own SwiftShader, so
 * the tests need no GPU.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PLACES = [
  process.env.CHROME_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** @returns {string | undefined} path of the program */
export const findBrowser = () => PLACES.find((place) => place !== undefined && existsSync(place));

/**
 * Installs a browser if none is found and apt-get can.
 * @param {(args: string[]) => void} apt runs apt-get; throws if it fails
 * @returns {string | undefined} a sentence that says why there is still none; undefined if there is one
 */
export function ensureBrowser(apt) {
  if (findBrowser()) return undefined;
  const debian =
    process.platform === "linux" &&
    existsSync("/usr/bin/apt-get") &&
    spawnSync("apt-cache", ["show", "chromium"], { stdio: "ignore" }).status === 0;
  if (debian && process.getuid?.() === 0) {
    apt(["install", "-y", "-q", "--no-install-recommends", "chromium"]);
    return findBrowser() ? undefined : "apt-get installed chromium, but it is not where it was expected.";
  }
  return debian
    ? "The browser tests need Chromium; type: sudo apt-get install chromium"
    : "The browser tests need Chrome or Chromium: install it, or set CHROME_PATH to its program.";
}
