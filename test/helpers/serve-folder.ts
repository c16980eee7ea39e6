/** Serves a page and a folder over 127.0.0.1, for tests in browsers. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { root } from "./sources.js";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".json": "application/json",
  ".html": "text/html",
};

interface FolderServer {
  /** Such as http://127.0.0.1:40123. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves a page with `html` as its body at /, and the files of `folder`: modules of the repository are at /dist/... */
export async function serveFolder(html: string, folder = root): Promise<FolderServer> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname));
    if (path === "/") {
      response.setHeader("content-type", "text/html").end(`<!doctype html><title>test</title>${html}`);
      return;
    }
    readFile(join(folder, path)).then(
      (bytes) => response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream").end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
