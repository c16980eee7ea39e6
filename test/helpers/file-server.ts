/**
 * A server on 127.0.0.1 whose answer each test sets, two small checkpoints for it to serve, and answers of servers that
 * behave.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { writeSafetensors } from "../../src/weights/safetensors-writer.js";

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** 1 MB of valid safetensors; files of different `value` have different content. */
async function checkpointBytes(value: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const values = new Float32Array(250_000).map((_, i) => value + i);
  for await (const chunk of writeSafetensors([{ name: "w", shape: [250_000], dtype: "f32", read: () => values }]))
    chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
export const DATA = await checkpointBytes(1);
export const OTHER = await checkpointBytes(2);
/** The digits in a file name that promises DATA. */
export const SHORT = sha256(DATA).slice(0, 8);
export const HALF = 500_000;

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface FileServer {
  answer: Answer;
  /** The requests of one test: `all`, or `bytes=100- if "tag"`. */
  log: string[];
  base: string;
}

/** Starts the server on a free port of 127.0.0.1; gives its base URL. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

/** One server per test file. */
export function useFileServer(): FileServer {
  const state: FileServer = { answer: () => undefined, log: [], base: "" };
  const server = createServer((request, response) => {
    const condition = request.headers["if-range"];
    state.log.push(`${request.headers.range ?? "all"}${condition === undefined ? "" : ` if ${String(condition)}`}`);
    state.answer(request, response);
  });
  beforeAll(async () => {
    state.base = await listen(server);
  });
  beforeEach(() => {
    state.log = [];
  });
  afterAll(() => void server.close().closeAllConnections());
  return state;
}

/** A server that knows no ranges. */
export const full =
  (data = DATA, headers: Record<string, string | number> = {}): Answer =>
  (_, response) =>
    void response.writeHead(200, { "content-length": data.length, ...headers }).end(data);

/** A proper server: ranges, If-Range, and a body that breaks off at `stop`. */
export const ranged =
  (data = DATA, etag = '"v1"', stop = Infinity): Answer =>
  (request, response) => {
    const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
    const fresh = match !== null && request.headers["if-range"] === etag;
    const from = fresh ? Number(match[1]) : 0;
    const headers = { etag, "content-length": data.length - from };
    if (fresh)
      response.writeHead(206, { ...headers, "content-range": `bytes ${from}-${data.length - 1}/${data.length}` });
    else response.writeHead(200, headers);
    if (stop >= data.length) response.end(data.subarray(from));
    else response.write(data.subarray(from, stop), () => setTimeout(() => response.destroy(), 60));
  };
