/** Downloads a picture into memory, with the checks that downloads of weights have. */
import { FcnError, isFcnError } from "../../base/errors.js";
import { badImage } from "../../image/picture.js";
import { readBody } from "../../weights/body.js";
import { Deadline } from "../../weights/deadline.js";
import { checkSecure, discard, isWebPage, reasonOf, statusSentence } from "../../weights/http.js";
import { quote } from "../../weights/source.js";
import type { Bytes } from "../../weights/source.js";
import type { FetchPictureOptions } from "../held-url.js";

/** Larger than the file of any picture that can be read. */
const MAX_BYTES = 2 ** 28;
/** Letters of a URL that messages show: a `data:` URL is as long as its picture. */
const SHOWN = 200;

export interface FetchedPicture {
  readonly bytes: Bytes;
  /** The URL as messages show it: without a password. */
  readonly name: string;
}

/**
 * The bytes of an http, https, data or blob URL. A server that falls silent is given up, and redirects may not leave
 * https.
 * @throws bad-image, the signal's reason
 */
export async function fetchPicture(address: string, options: FetchPictureOptions): Promise<FetchedPicture> {
  const { signal, stallTimeout } = options;
  signal?.throwIfAborted();
  if (!URL.canParse(address))
    throw badImage(quote(address), "it is not a URL, and paths work in Node only; give a URL");
  const url = new URL(address);
  const hasUser = url.username + url.password !== "";
  [url.username, url.password, url.hash] = ["", "", ""];
  const name = url.href.length > SHOWN ? `${url.href.slice(0, SHOWN)}...` : url.href;
  if (!/^(https?|data|blob):$/.test(url.protocol))
    throw badImage(name, `pictures come from http:, https:, data: and blob: URLs, not from ${url.protocol}`);
  if (hasUser)
    throw badImage(name, "its URL has a user's name, which fetch refuses; fetch it with a header and give the Blob");
  const deadline = new Deadline(stallTimeout, signal);
  try {
    return { bytes: await bytesOf(url.href, deadline, options), name };
  } catch (error) {
    signal?.throwIfAborted();
    if (deadline.signal.aborted) {
      const silent = "the server sent no answer, or less than 1,000 bytes a second";
      throw badImage(name, `${silent}; try again, or download it and give the file`, error);
    }
    // Readers of bodies and redirects are those of weights.
    if (isFcnError(error, "bad-weights")) throw new FcnError("bad-image", error.message, { cause: error });
    if (isFcnError(error)) throw error;
    const cure = "location" in globalThis ? "a server of another origin must allow this page (CORS)" : "check the URL";
    throw badImage(name, `it could not be fetched (${reasonOf(error)}); ${cure}`, error);
  } finally {
    deadline.end();
  }
}

async function bytesOf(url: string, deadline: Deadline, options: FetchPictureOptions): Promise<Bytes> {
  const { fetch: fetchUrl = fetch, maxBytes = MAX_BYTES } = options;
  const response = await deadline.wait(fetchUrl(url, { signal: deadline.signal }));
  deadline.received();
  const refuse = async (sentence: string): Promise<never> => {
    await discard(response);
    throw badImage(url.slice(0, SHOWN), sentence);
  };
  checkSecure(url, response.url);
  if (!response.ok) return refuse(`${statusSentence(response)}; check the URL`);
  if (isWebPage(response)) return refuse("the server answered with a web page (text/html), not with a picture");
  const length = Number(response.headers.get("content-length") ?? NaN);
  if (length > maxBytes)
    return refuse(`the server offers ${length} bytes, more than the ${maxBytes} of a picture; make it smaller`);
  const bytes = await readBody(url.slice(0, SHOWN), response, maxBytes, deadline);
  // Under a content encoding the length counts the compressed body, which fetch has already unpacked.
  const isPlain = response.headers.get("content-encoding") === null;
  if (isPlain && length >= 0 && length !== bytes.byteLength)
    return refuse(`the server promised ${length} bytes and sent ${bytes.byteLength}; try again`);
  return bytes;
}
