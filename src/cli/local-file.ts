/** Weights as a file on this machine, whatever the command line calls them. */
import { basename } from "node:path";
import { shown } from "../base/printable.js";
import { WEIGHTS_FACTS } from "../weights/catalogue-facts.js";
import { namedWeights } from "../weights/catalogue.js";
import { cachedFile } from "../weights/disk-cache.js";
import { isUrl } from "../weights/source.js";
import { UsageError } from "./command.js";
import { checkWeights, pathOfNamed } from "./files.js";
import { byteBar } from "./progress.js";

/** A file on this machine. */
export interface LocalFile {
  readonly path: string;
  /** Its address or, without one, its name. */
  readonly sourceName: string;
  /** Where the weights have a name. */
  readonly licence?: string;
}

/** Without a query, such as a signature, that lets others read the file; and without a name, password or fragment. */
function publicAddress(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/**
 * Downloads what is not on this machine.
 * @throws bad-weights, UsageError where there is no such file, and for addresses of the schemes data and blob
 */
export async function localFile(command: string, input: string): Promise<LocalFile> {
  await checkWeights(command, input);
  const named = namedWeights(input);
  if (named) {
    const path = await pathOfNamed(named);
    const sourceName = named.sha256 === undefined ? named.url.href : basename(path);
    return { path, sourceName, licence: WEIGHTS_FACTS[named.name].licence };
  }
  if (/^https?:/i.test(input)) {
    const bar = byteBar();
    const path = cachedFile(input, { onProgress: (at) => bar.show("downloading", at) });
    return { path: await path.finally(bar.clear), sourceName: publicAddress(input) };
  }
  if (isUrl(input))
    throw new UsageError(
      `${command}: ${shown(input)} is an address without a server; write its bytes into a file and name that`,
    );
  return { path: input, sourceName: basename(input) };
}
