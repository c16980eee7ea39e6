/**
 * Numbers that choose the default tile on a GPU. A default only has to be fair: where it can, the tuner measures the
 * rivals and takes the fastest.
 */

/** Cores of a large GPU, rounded to a power of two (NVIDIA H100: 132). Fewer workgroups than that leave cores idle. */
export const LARGE_GPU_CORES = 128;

/** From this many terms on, a sum is worth splitting among several groups of threads. */
export const LONG_SUM = 512;
