/** Loads what finds out how tensor cores are used: few browsers offer them. */

/** The package replaces this module: scripts/package.mjs. */
export const importMatrixProbe = () => import("./matrix-probe.js");
