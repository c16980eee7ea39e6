/** Loads what some pages need: streams, profiles, pictures of URLs, and the sentences of rare errors. */

/** The package replaces this module: scripts/package.mjs. */
export const importExtras = () => import("./extras.js");
