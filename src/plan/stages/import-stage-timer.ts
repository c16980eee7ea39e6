/** Loads what times the stages of a plan: few pages ask for that. */

/** The package replaces this module: scripts/package.mjs. */
export const importStageTimer = () => import("./stage-timer.js");
