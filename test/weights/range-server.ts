/** A server on 127.0.0.1 whose paths behave well or badly about ranges, and the bytes that it serves. */

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll } from "vitest";
import { listen } from "../helpers/file-server.js";
import { fixture } from "./fixtures.js";

export const DATA = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 2654435761) >>> 24);

export interface RangeServer {
  base: string;
  /** Requests to the paths that change their answers with time. A test begins by setting it to 0. */
  hits: number;
  /** The Range header of every request, or "all". */
  readonly requests: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** First and last byte asked for, up to the end of a file of `size` bytes; all of it without a Range header. */
function rangeOf(request: IncomingMessage, size = DATA.length): [first: number, last: number] {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  return match === null ? [0, size - 1] : [Number(match[1]), Math.min(Number(match[2]), size - 1)];
}

const whole: Answer = (_, response) => void response.end(DATA);

/** A well-behaved answer, with more headers. */
function sendRange(request: IncomingMessage, response: ServerResponse, headers: Record<string, string> = {}): void {
  const [first, last] = rangeOf(request);
  response
    .writeHead(206, { "content-range": `bytes ${first}-${last}/${DATA.length}`, ...headers })
    .end(DATA.subarray(first, last + 1));
}

/** Promises the range asked for, of a file of `total` bytes, and sends `extra` bytes more (fewer when negative). */
const rangeOff =
  (extra: number, total = DATA.length): Answer =>
  (request, response) => {
    const [first, last] = rangeOf(request);
    response
      .writeHead(206, { "content-range": `bytes ${first}-${last}/${total}` })
      .end(DATA.subarray(first, last + 1 + extra));
  };

/** Answers ranges with 10 bytes and these headers, and requests without a range with the whole file. */
const oddRange =
  (headers: Record<string, string>): Answer =>
  (request, response) => {
    if (request.headers.range === undefined) whole(request, response);
    else response.writeHead(206, headers).end(DATA.subarray(0, 10));
  };

function answersOf(server: RangeServer): Readonly<Record<string, Answer>> {
  const hit = (): number => server.hits++;
  return {
    "/ranges": (request, response) => sendRange(request, response),
    "/whole": (_, response) => void response.writeHead(200, { "content-length": DATA.length }).end(DATA),
    "/chunked": whole,
    "/missing.pth": (_, response) =>
      void response.writeHead(404, { "content-type": "text/html" }).end("<html>not here</html>"),
    "/login": (_, response) =>
      void response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>sign in</html>"),
    "/breaks": (_, response) => {
      response.writeHead(200, { "content-length": DATA.length });
      response.write(DATA.subarray(0, 5000), () => response.destroy());
    },
    "/range-breaks": (request, response) => {
      const [first, last] = rangeOf(request);
      const range = `bytes ${first}-${last}/${DATA.length}`;
      response.writeHead(206, { "content-range": range, "content-length": last - first + 1 });
      response.write(DATA.subarray(first, first + 100), () => response.destroy());
    },
    "/range-short": rangeOff(-10),
    "/range-long": rangeOff(9),
    "/range-total-lies": rangeOff(0, 999_999_999_999),
    "/range-odd": oddRange({ "content-range": "bytes nonsense" }),
    "/range-hidden": oddRange({}),
    "/changes": (request, response) => sendRange(request, response, { etag: `"${hit()}"` }),
    "/stops": (request, response) => (hit() === 0 ? sendRange(request, response) : whole(request, response)),
    "/empty": (_, response) => void response.writeHead(416).end(),
    "/flaky": (request, response) => (hit() === 1 ? void response.writeHead(503).end() : sendRange(request, response)),
  };
}

/** Serves `/fixture/NAME` with ranges. */
function sendFixture(name: string, request: IncomingMessage, response: ServerResponse): void {
  const checkpoint = fixture(name);
  const [first, last] = rangeOf(request, checkpoint.length);
  response
    .writeHead(206, { "content-range": `bytes ${first}-${last}/${checkpoint.length}` })
    .end(checkpoint.subarray(first, last + 1));
}

/** One server per test file. */
export function useRangeServer(): RangeServer {
  const state: RangeServer = { base: "", hits: 0, requests: [] };
  const answers = answersOf(state);
  const server = createServer((request, response) => {
    state.requests.push(request.headers.range ?? "all");
    const url = request.url ?? "";
    const prefix = "/fixture/";
    if (url.startsWith(prefix)) sendFixture(url.slice(prefix.length), request, response);
    else answers[url]?.(request, response);
  });
  beforeAll(async () => {
    state.base = await listen(server);
  });
  afterAll(() => void server.close().closeAllConnections());
  return state;
}
