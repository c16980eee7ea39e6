/** Loads the backbones that are not in every page: their descriptions and the kernels that only they use. */

/** The package replaces this module: scripts/package.mjs. */
export const importOtherBackbones = () => import("./others.js");
