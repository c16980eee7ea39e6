/**
 * A small proxy on 127.0.0.1 as companies have them, and an https server behind it. Names under `.test` exist only
 * there: the proxy leads every tunnel and every plain request to the servers of the test.
 */
import { readFileSync } from "node:fs";
import { createServer, request as sendRequest } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { listen } from "./file-server.js";
import type { Answer, FileServer } from "./file-server.js";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));

/** The certificate of weights.test, other.test, localhost and 127.0.0.1, which it signs itself: for tests only. */
export const CERTIFICATE = fixture("cert.pem");

export interface SecureServer {
  answer: Answer;
  /** `https://127.0.0.1:PORT`. */
  base: string;
}

export function useSecureServer(): SecureServer {
  const state: SecureServer = { answer: () => undefined, base: "" };
  const identity = { key: readFileSync(fixture("key.pem")), cert: readFileSync(CERTIFICATE) };
  const server = createTlsServer(identity, (request, response) => state.answer(request, response));
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    state.base = `https://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  });
  afterAll(() => void server.close().closeAllConnections());
  return state;
}

export interface ProxyServer {
  base: string;
  /** `CONNECT weights.test:443`, `GET http://weights.test/w.pth`, and the credentials where there are some. */
  log: string[];
  /** The Proxy-Authorization that it asks for. */
  credentials: string | undefined;
}

/** Plain requests go to `plain`, tunnels to `secure`, whatever host they name. */
export function useProxyServer(plain: FileServer, secure: SecureServer): ProxyServer {
  const state: ProxyServer = { base: "", log: [], credentials: undefined };
  const isAllowed = (given: string | undefined): boolean =>
    state.credentials === undefined || given === `Basic ${Buffer.from(state.credentials).toString("base64")}`;
  const server = createServer((request, response) => {
    state.log.push(`${request.method} ${request.url}`);
    if (!isAllowed(request.headers["proxy-authorization"])) return void response.writeHead(407).end();
    const { pathname } = new URL(request.url ?? "");
    const headers = { ...request.headers };
    delete headers["proxy-authorization"];
    sendRequest(plain.base + pathname, { headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).end();
  });
  server.on("connect", (request, socket) => {
    state.log.push(`CONNECT ${request.url}`);
    socket.on("error", () => undefined);
    if (!isAllowed(request.headers["proxy-authorization"])) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const target = connect(Number(new URL(secure.base).port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.destroy());
    socket.on("close", () => target.destroy());
  });
  beforeAll(async () => {
    state.base = await listen(server);
  });
  beforeEach(() => {
    state.log = [];
    state.credentials = undefined;
  });
  afterAll(() => void server.close().closeAllConnections());
  return state;
}
