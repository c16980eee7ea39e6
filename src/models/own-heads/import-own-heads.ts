/** Loads the code for heads that a caller gives. Not every page needs it. */

/** The package replaces this module: scripts/package.mjs. */
export const importOwnHeads = () => import("./own-heads.js");
