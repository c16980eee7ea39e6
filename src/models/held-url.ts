/** Pictures of URLs. */
import type { Picture } from "../image/picture.js";
import type { Bytes } from "../weights/source.js";
import { importExtras } from "./extras/import-extras.js";
import type { HeldImage } from "./picture-call.js";

/** How a picture is downloaded. */
export interface FetchPictureOptions {
  readonly signal?: AbortSignal | undefined;
  /** Used in place of the global fetch. */
  readonly fetch?: typeof fetch;
  /** As in WeightsOptions. */
  readonly stallTimeout?: number;
  readonly maxBytes?: number;
}

/** Decodes the bytes of a file; `name` is for errors. */
type Decode = (bytes: Bytes, name: string) => Picture | Promise<Picture>;

/** The picture of a URL, which is downloaded now and decoded when its turn has come. @throws bad-image */
export async function holdUrl(url: string, decode: Decode, options: FetchPictureOptions): Promise<HeldImage> {
  const { fetchPicture } = await importExtras();
  const { bytes, name } = await fetchPicture(url, options);
  return () => decode(bytes, name);
}
