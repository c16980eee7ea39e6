/** Keeps what a caller's `onProgress` throws apart from what a download throws. Browser-safe, no node: imports. */
import type { DownloadOptions, DownloadProgress } from "./download-options.js";

/**
 * `work` with the options. The error of their `onProgress`, which may be async, ends it and comes in place of all else.
 */
export async function withOwnErrors<Options extends Pick<DownloadOptions, "onProgress">, T>(
  options: Options,
  work: (watched: Options) => Promise<T>,
): Promise<T> {
  const errors: unknown[] = [];
  const calls: Promise<unknown>[] = [];
  const call = async (progress: DownloadProgress): Promise<unknown> => options.onProgress?.(progress);
  const onProgress = (progress: DownloadProgress): void => {
    if (errors.length) throw errors[0]; // of an earlier call
    calls.push(call(progress).catch((error: unknown) => errors.push(error)));
  };
  const [ended] = await Promise.allSettled([work({ ...options, onProgress })]);
  await Promise.all(calls);
  if (errors.length) throw errors[0];
  if (ended.status === "rejected") throw ended.reason;
  return ended.value;
}
