/** Keeps what a caller's `onProgress` throws apart from what a cache throws. Browser-safe, no node: imports. */
import type { DownloadOptions, DownloadProgress } from "./download-options.js";

/** The options, and what throws again the error that their `onProgress` threw, if it did. */
export function withOwnErrors<Options extends Pick<DownloadOptions, "onProgress">>(
  options: Options,
): { readonly watched: Options; readonly rethrow: () => void } {
  let thrown: { readonly error: unknown } | undefined;
  const onProgress = (progress: DownloadProgress): void => {
    try {
      options.onProgress?.(progress);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  const rethrow = (): void => {
    if (thrown) throw thrown.error;
  };
  return { watched: { ...options, onProgress }, rethrow };
}
