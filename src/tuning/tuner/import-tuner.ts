/** Loads what measures variants and uses kept measurements: few pages do. */

/** The package replaces this module: scripts/package.mjs. */
export const importTuner = () => import("./tuner.js");
