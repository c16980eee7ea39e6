/** What tests need besides the adapter: browsers, Slurm and Redis. Where apt offers them, root installs them. */
import { ensureBrowsers } from "./browser.mjs";
import { ensureServices } from "./services.mjs";
import { SetupError, apt, say } from "./setup.mjs";

/** Where it cannot go on, it says why: the tests that need what is missing say so too, and others do not need it. */
function asFarAsPossible(/** @type {() => string | undefined | void} */ work) {
  try {
    const problem = work();
    if (problem) say(problem);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
  }
}

/** Installs what the browser tests need. */
export function setupBrowsers() {
  asFarAsPossible(() =>
    ensureBrowsers((packages) => {
      say(`Installing ${packages.join(" and ")} for the browser tests ...`);
      apt(["update", "-q"]);
      apt(["install", "-y", "-q", "--no-install-recommends", ...packages]);
    }),
  );
}

/** Installs the engines that the tests of deploy/ start. */
export function setupServices() {
  asFarAsPossible(() =>
    ensureServices((args) => {
      say("Installing Slurm and Redis for the tests of deploy/ ...");
      apt(["update", "-q"]);
      apt(args);
    }),
  );
}
