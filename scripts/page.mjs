/**
 * The web page: builds demo/ into out/page, a folder that any static server can serve, and serves it on this machine.
 * `npm run page -- --port 8080`; a free port is chosen when none is given.
 */
import { spawnSync } from "node:child_process";
import { createReadStream, existsSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { newestChange } from "./build.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
export const PAGE = join(root, "out/page");
const STAMP = join(PAGE, ".stamp");

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".safetensors": "application/octet-stream",
};

/** Files whose name changes with their content. */
const HASHED = /-[\w-]{8}\.\w+$/;

/**
 * Bundles the page from the built library. Does nothing if neither has changed since the last time.
 * @throws {Error} without a built library, or with the bundler's message
 */
export function buildPage() {
  const library = join(root, "dist/.stamp");
  if (!existsSync(library)) throw new Error("the library is not built: run npm run build");
  const sources = Math.max(statSync(library).mtimeMs, newestChange(join(root, "demo")));
  if (existsSync(STAMP) && statSync(STAMP).mtimeMs >= sources) return;
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vite, "build", "--config", join(root, "demo/vite.config.ts"), "--logLevel", "warn"],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the page could not be bundled:\n${stdout}${stderr}`);
  writeFileSync(STAMP, "");
}

/**
 * The file that an address names. Files outside `folder` and folders are not found.
 * @param {string} folder absolute
 * @param {string} address path of the request, with `%` escapes
 */
function fileAt(folder, address) {
  try {
    const named = resolve(folder, `.${decodeURIComponent(new URL(address, "http://host").pathname)}`);
    const path = named === folder ? join(folder, "index.html") : named;
    return path.startsWith(folder + sep) && statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined; // no such file, or wrong escapes
  }
}

/**
 * Answers a request with a file, 404 or 405.
 * @param {string} folder absolute
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
function answer(folder, request, response) {
  const path = fileAt(folder, request.url ?? "/");
  if (path === undefined) {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    "content-length": statSync(path).size,
    "cache-control": HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache",
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  createReadStream(path)
    .on("error", () => response.destroy())
    .pipe(response);
}

/**
 * Serves a folder on 127.0.0.1.
 * @param {string} folder
 * @param {number} [port] 0 takes a free one
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function servePage(folder, port = 0) {
  const server = createServer((request, response) => answer(resolve(folder), request, response));
  await new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", () => done(undefined));
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://localhost:${address.port}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/**
 * Why a server cannot listen at a port, by the system's code.
 * @type {Readonly<Record<string, string>>}
 */
const NOT_LISTENING = { EADDRINUSE: "is in use", EACCES: "may be used by the administrator only" };

/** @returns {number | undefined} the port to use; undefined if the arguments are wrong */
function portOf(/** @type {string[]} */ args) {
  if (args.length === 0) return 0;
  const [, value] = /^--port(?:=| )(\d+)$/.exec(args.join(" ")) ?? [];
  const port = Number(value);
  return value !== undefined && port <= 65535 ? port : undefined;
}

async function main() {
  const port = portOf(process.argv.slice(2));
  if (port === undefined) {
    const given = process.argv.slice(2).join(" ");
    process.stderr.write(`page: give a port of 0 to 65535, as in npm run page -- --port 8080; got ${given}\n`);
    process.exitCode = 2;
    return;
  }
  try {
    buildPage();
    const { url } = await servePage(PAGE, port);
    process.stdout.write(`The page is at ${url}\nFolder to deploy: out/page. Ctrl+C ends this server.\n`);
  } catch (error) {
    const { code = "", message } = /** @type {NodeJS.ErrnoException} */ (error);
    const why = NOT_LISTENING[code];
    const reason = why === undefined ? message : `port ${port} ${why}; leave out --port for a free one`;
    process.stderr.write(`page: ${reason}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
