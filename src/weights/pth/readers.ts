/**
 * The readers of PyTorch's containers, and the description of a file that is not a checkpoint. Pages load this module
 * when the first such file is opened (pth-readers.ts).
 */
export { describeFile } from "./describe-file.js";
export { openLegacyCheckpoint } from "./legacy.js";
export { openTarCheckpoint } from "./tar-checkpoint.js";
export { openZipCheckpoint } from "./zip-checkpoint.js";
