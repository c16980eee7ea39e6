/** HTTP responses of servers that may be wrong about what they send. https://www.rfc-editor.org/rfc/rfc9110 */

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

/** `the server answered 404 Not Found`. */
export function statusSentence({ status, statusText }: Response): string {
  return `the server answered ${status} ${statusText}`.trim();
}

/** Frees the connection of a response whose body nobody reads. */
export async function discard(response: Response | undefined): Promise<void> {
  await response?.body?.cancel().catch(() => undefined);
}
