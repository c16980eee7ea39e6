/** URLs of checkpoints, and what the file name in a URL promises about the file. */

import { badWeights, quote } from "./source.js";

/** True for weights that a cache can keep. The bytes of `blob:` and `data:` URLs are already local. */
export function isRemote(weights: unknown): weights is string | URL {
  // Not by instanceof: another frame or vm context has a class URL of its own.
  return /^https?:/i.test(typeof weights === "string" ? weights : (weights as URL).href);
}

/**
 * Text becomes a URL as in a link of the page: "net.safetensors", or "/assets/net-1a2b.safetensors" as bundlers name
 * assets. Anything else stays as it is.
 */
export function relativeToPage<T>(address: T): T | URL {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  return typeof address === "string" && URL.canParse(address, base) ? new URL(address, base) : address;
}

/** The URL in full, without its fragment, which never reaches the server. @throws bad-weights, without a password */
export function plainUrl(url: string | URL): string {
  if (!URL.canParse(url)) throw badWeights(quote(String(url)), "this is not a URL");
  const { hash, href, username, password, host } = new URL(url);
  if (username || password) throw badWeights(host, "leave the name and password out of the URL");
  return href.slice(0, href.length - hash.length);
}

/** `weights.pth` of `https://example.org/a/weights.pth?download=true`. */
export function fileNameOf(url: string): string {
  const last = new URL(url).pathname.split("/").filter(Boolean).at(-1) ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // a stray percent sign
  }
}

/**
 * The hash that a file name promises: `fcn_resnet101_coco-7ecb50ca.pth` has `7ecb50ca`, the first digits of its
 * SHA-256. A date (`-20240131.pth`) is not a hash.
 * https://docs.pytorch.org/docs/stable/hub.html#torch.hub.load_state_dict_from_url
 */
export function promisedHash(url: string): string | undefined {
  const hash = /-([0-9a-f]{8,64})\.[a-z0-9]+$/i.exec(fileNameOf(url))?.[1]?.toLowerCase();
  const isDate = /^(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d$/.test(hash ?? "");
  return isDate ? undefined : hash;
}
