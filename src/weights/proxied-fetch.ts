/**
 * fetch for Node: follows redirects by hand, so that none leads from https to http, and goes through the proxies that
 * HTTP_PROXY, HTTPS_PROXY and NO_PROXY name (in either case), which Node's own fetch ignores. The package `undici`
 * speaks to the proxies and is loaded only where one is named.
 *
 * Imports a package for Node, so no module that a browser loads may import it.
 */

import { badOption } from "../base/errors.js";
import { checkSecure, discard } from "./http.js";
import { badWeights, quote } from "./source.js";

/** As many as browsers follow. https://fetch.spec.whatwg.org/#http-redirect-fetch */
const MAX_REDIRECTS = 20;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that only the first server may see. */
const SECRETS = ["authorization", "cookie", "proxy-authorization"];

/** @throws bad-weights for a redirect that is refused, bad-option for a proxy that cannot be used */
export const proxiedFetch: typeof fetch = async (input, init) => {
  const first = input instanceof Request ? input.url : String(input);
  const fetchOnce = await fetchByProxy(process.env);
  const headers = new Headers(init?.headers);
  let url = first;
  for (let count = 0; count <= MAX_REDIRECTS; count++) {
    const response = await fetchOnce(url, { ...init, headers: Object.fromEntries(headers), redirect: "manual" });
    const location = response.headers.get("location");
    if (!REDIRECTS.includes(response.status) || location === null) return response;
    await discard(response);
    const next = redirectTarget(url, location);
    if (next.origin !== new URL(url).origin) SECRETS.forEach((name) => headers.delete(name));
    url = next.href;
  }
  throw badWeights(first, `the server redirects more than ${MAX_REDIRECTS} times; check the URL`);
};

/** @throws bad-weights for a target that is not an http(s) URL, and for http after https */
function redirectTarget(from: string, location: string): URL {
  const target = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol))
    throw badWeights(from, `the server redirects to ${quote(location)}, which is no http or https URL; check the URL`);
  checkSecure(from, target.href);
  return target;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxies in use, and the fetch that goes through them. */
let kept: { key: string; fetch: typeof fetch } | undefined;

/** Node's fetch where the environment names no proxy. @throws bad-option */
async function fetchByProxy(env: Environment): Promise<typeof fetch> {
  const httpProxy = proxyUrl(env, "http_proxy");
  const httpsProxy = proxyUrl(env, "https_proxy");
  if (httpProxy === "" && httpsProxy === "") return fetch;
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? "";
  const key = JSON.stringify([httpProxy, httpsProxy, noProxy]);
  if (kept?.key !== key) {
    const { EnvHttpProxyAgent, fetch: undiciFetch } = await import("undici");
    // Without a tunnel for plain http: many proxies refuse CONNECT to port 80.
    const dispatcher = new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, proxyTunnel: false });
    // undici's own fetch goes with its agent; the two types of Response differ in names only.
    const through = ((url: string, init: object) => undiciFetch(url, { ...init, dispatcher })) as unknown;
    kept = { key, fetch: through as typeof fetch };
  }
  return kept.fetch;
}

/** Empty where there is none. A bare `host:port` means http, as curl reads it. @throws bad-option */
function proxyUrl(env: Environment, name: "http_proxy" | "https_proxy"): string {
  const upper = name.toUpperCase();
  const value = (env[name] ?? env[upper] ?? "").trim();
  if (value === "") return "";
  const url = value.includes("://") ? value : `http://${value}`;
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (protocol === "http:" || protocol === "https:") return url;
  const got = protocol === undefined ? "no URL" : `a ${protocol}// URL`; // without the URL, which may hold a password
  throw badOption(`${upper} is ${got}; a proxy needs http://HOST:PORT or https://HOST:PORT, so set that or unset it`);
}
