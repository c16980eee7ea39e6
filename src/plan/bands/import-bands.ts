/** Loads what cuts a picture into bands: few pictures are too large for their device. */

/** The package replaces this module: scripts/package.mjs. */
export const importBands = () => import("./bands.js");
