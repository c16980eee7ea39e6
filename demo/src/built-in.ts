/** The weights that ship, downloaded while the worker starts and the GPU opens. */
import { defaultCheckpointUrl } from "fcn-webgpu";

/**
 * Undefined where the download fails: the worker then downloads them itself, with retries, and says what is wrong. Also
 * where `signal` ends it. The page's head asks for the same file in the same way, so that it comes once.
 */
export async function fetchBuiltIn(
  onProgress: (loaded: number, total: number) => void,
  signal: AbortSignal,
): Promise<Blob | undefined> {
  try {
    const response = await fetch(defaultCheckpointUrl(), { signal });
    if (!response.ok || !response.body) return undefined;
    const total = Number(response.headers.get("content-length"));
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let loaded = 0;
    const reader = response.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value);
      loaded += next.value.length;
      if (!signal.aborted) onProgress(loaded, Math.max(total, loaded));
    }
    return new Blob(chunks);
  } catch {
    return undefined;
  }
}
