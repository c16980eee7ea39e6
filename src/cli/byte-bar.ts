/** Progress of a transfer on stderr, on a terminal only: `downloading [####......] 12.3 / 217.8 MB`. */

export interface ByteBar {
  readonly show: (what: string, at: { readonly loaded: number; readonly total: number | undefined }) => void;
  readonly clear: () => void;
}

/** Redraws at most ten times a second. */
export function byteBar(stream: NodeJS.WriteStream = process.stderr): ByteBar {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined };
  let last = -Infinity;
  let drawn = false;
  return {
    show(what, { loaded, total }) {
      const now = performance.now();
      if (now - last < 100 && loaded !== total) return;
      last = now;
      drawn = true;
      const cells = 24;
      const full = total === undefined ? 0 : Math.round((loaded / Math.max(total, 1)) * cells);
      const of = total === undefined ? "" : ` / ${(total / 1e6).toFixed(1)}`;
      const line = `${what} [${"#".repeat(full)}${".".repeat(cells - full)}] ${(loaded / 1e6).toFixed(1)}${of} MB`;
      stream.write(`\r\x1b[2K${line.slice(0, Math.max(20, (stream.columns || 80) - 1))}`);
    },
    clear() {
      if (drawn) stream.write("\r\x1b[2K");
      drawn = false;
    },
  };
}
