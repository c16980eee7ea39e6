/** What producer and workers share. */
export const QUEUE = process.env.FCN_QUEUE ?? "fcn-segment";
export const connection = { url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379" };

/** A shard of a list. @typedef {{ list: string, out: string, shard: string, options: string[] }} ShardJob */
/** Whether some of its pictures have failed. @typedef {{ failed: boolean }} ShardEnd */
