/**
 * Finds Chromium and Firefox for the browser tests, or installs Debian's as root. The tests need no GPU: in Chromium
 * WebGPU runs on its own SwiftShader, in Firefox on the machine's Vulkan driver, such as lavapipe.
 */
import { existsSync } from "node:fs";
import { isOffered } from "./apt.mjs";

/**
 * @typedef {object} TestBrowser
 * @property {string} name for messages
 * @property {string} package Debian's
 * @property {string} variable of the environment that names the program
 * @property {readonly string[]} places where systems keep it
 */

/** @type {TestBrowser} */
const CHROMIUM = {
  name: "Chrome or Chromium",
  package: "chromium",
  variable: "CHROME_PATH",
  places: [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ],
};

/** @type {TestBrowser} */
const FIREFOX = {
  name: "Firefox 141 or newer",
  package: "firefox-esr",
  variable: "FIREFOX_PATH",
  places: [
    "/usr/bin/firefox-esr",
    "/usr/bin/firefox",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
  ],
};

/** @returns {string | undefined} path of the program */
function find(/** @type {TestBrowser} */ { variable, places }) {
  return [process.env[variable], ...places].find((place) => place && existsSync(place));
}

/** @returns {string | undefined} path of Chrome or Chromium */
export const findBrowser = () => find(CHROMIUM);

/** @returns {string | undefined} path of Firefox */
export const findFirefox = () => find(FIREFOX);

/**
 * What is asked of the machine.
 * @typedef {object} Machine
 * @property {(browser: TestBrowser) => boolean} has
 * @property {(name: string) => boolean} isOffered whether apt can install the package
 * @property {boolean} isRoot
 */

/** @returns {Machine} */
const thisMachine = () => ({
  has: (browser) => find(browser) !== undefined,
  isOffered,
  isRoot: process.getuid?.() === 0,
});

/**
 * Installs the browsers that are missing and that apt-get has.
 * @param {(packages: string[]) => void} install as root, by apt-get; throws if it fails
 * @returns {string | undefined} sentences that say which are still missing, and the cure; undefined if none is
 */
export function ensureBrowsers(install, machine = thisMachine()) {
  const missing = [CHROMIUM, FIREFOX].filter((browser) => !machine.has(browser));
  const offered = missing.filter((browser) => machine.isOffered(browser.package));
  const names = offered.map((browser) => browser.package);
  /** @type {string[]} */
  const problems = [];
  if (names.length > 0 && machine.isRoot) {
    install(names);
    for (const lost of offered.filter((browser) => !machine.has(browser)))
      problems.push(`apt-get installed ${lost.package}, but it is not where it was expected: set ${lost.variable}.`);
  } else if (names.length > 0) {
    problems.push(`The browser tests need ${names.join(" and ")}; type: sudo apt-get install ${names.join(" ")}`);
  }
  const others = missing.filter((browser) => !offered.includes(browser));
  const cures = others.map(({ name, variable }) => `${name} (or set ${variable} to its program)`);
  if (cures.length > 0) problems.push(`The browser tests need ${cures.join(" and ")}: install what is missing.`);
  return problems.length > 0 ? problems.join("\n") : undefined;
}
