/** Bytes of pictures with four channels. Pages do not load it: only messages of rare errors need it. */

/** Of a pixel. */
export const RGBA_BYTES = 4;
/** No array of the host holds a picture of more bytes. Every engine that has WebGPU makes arrays of this size. */
export const MOST_PICTURE_BYTES = 2 ** 32;
