/** Loads what heads of one's own need: not every page has them. */

/** The package replaces this module: scripts/package.mjs. */
export const importOwnHeads = () => import("./own-heads.js");
