/** Loads the digest of downloads: only those whose SHA-256 is known need it. */

/** The package replaces this module: scripts/package.mjs. */
export const importSha256 = () => import("./sha256.js");
