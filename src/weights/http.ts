/** HTTP responses of servers that may be wrong about what they send. https://www.rfc-editor.org/rfc/rfc9110 */

import { messageOf } from "../base/errors.js";
import { badWeights, quote } from "./source.js";

export interface ContentRange {
  /** Position of the first and the last byte sent. */
  readonly first: number;
  readonly last: number;
  /** Bytes of the whole file. */
  readonly total: number;
}

/** `bytes 0-99/1234`; undefined for anything else, an unknown total (`*`) included. */
export function contentRange({ headers }: Response): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get("content-range")?.trim() ?? "");
  if (match === null) return undefined;
  return { first: Number(match[1]), last: Number(match[2]), total: Number(match[3]) };
}

/** A login or error page that a server sent with status 200. */
export function isWebPage({ headers }: Response): boolean {
  return /^text\/html\b/i.test(headers.get("content-type") ?? "");
}

export const WEB_PAGE = "the server answered with a web page (text/html), not with a checkpoint";

/** A day and a second, in milliseconds. */
const DAY = 86_400_000;
const SECOND = 1000;

/**
 * What If-Range may carry: a strong ETag (`W/` marks a weak one), or a date that is older than the response by a second
 * or more: within one second a file may change twice. Pages see no Date of other origins; there the own clock counts.
 * https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.2
 */
export function validatorOf({ headers }: Response): string | undefined {
  const etag = headers.get("etag");
  if (etag?.startsWith('"')) return etag;
  const modified = headers.get("last-modified") ?? "";
  const sent = Date.parse(headers.get("date") ?? "") || Date.now() - DAY;
  return sent - Date.parse(modified) >= SECOND ? modified : undefined;
}

/** Whether a partial response is of the version that the bytes before it are of. */
export function isSameVersion({ headers }: Response, validator: string, modified: string | undefined): boolean {
  const date = headers.get("last-modified");
  if ((validator.startsWith('"') ? headers.get("etag") : date) !== validator) return false;
  return modified === undefined || date === null || date === modified;
}

/** @throws bad-weights when redirects led from https to http, where anyone on the way can change the file */
export function checkSecure(url: string, to: string): void {
  if (/^https:/i.test(url) && /^http:/i.test(to))
    throw badWeights(url, `the server redirects from https to ${quote(to)}; give a URL that stays on https`);
}

/** `the server answered 404 Not Found`. */
export function statusSentence({ status, statusText }: Response): string {
  return `the server answered ${status} ${statusText}`.trim();
}

/**
 * What an error has besides its message. By its fields and not by class: under Jest, Node's errors are of another
 * realm.
 */
interface Fields {
  readonly cause?: unknown;
  readonly code?: unknown;
}
const fieldsOf = (error: unknown): Fields => (typeof error === "object" && error !== null ? error : {});

/** Causes of causes that are followed: an error may be its own cause. */
const MOST_CAUSES = 8;

/** Node's fetch says "fetch failed" and keeps the reason in its cause, or in the cause of that. */
export function reasonOf(error: unknown): string {
  let cause = error;
  for (let i = 0; i < MOST_CAUSES; i++) cause = fieldsOf(cause).cause ?? cause;
  if (cause === error) return messageOf(error);
  const { code } = fieldsOf(cause);
  const reason = messageOf(cause) || (typeof code === "string" ? code : "");
  return reason === "" ? messageOf(error) : `${messageOf(error)}: ${reason}`;
}

/** Frees the connection of a response whose body nobody reads. */
export async function discard(response: Response | undefined): Promise<void> {
  await response?.body?.cancel().catch(() => undefined);
}
