/** The readers of PyTorch's containers. Pages load this module when the first such file is opened (pth-readers.ts). */
export { openLegacyCheckpoint } from "./legacy.js";
export { openTarCheckpoint } from "./tar-checkpoint.js";
export { openZipCheckpoint } from "./zip-checkpoint.js";
