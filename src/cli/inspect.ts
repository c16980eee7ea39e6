/**
 * `fcn inspect`: what a checkpoint contains, and which networks it fits. Reads no tensor and needs no graphics adapter.
 */
import { namedWeights } from "../weights/catalogue.js";
import { fileSource } from "../weights/file-source.js";
import { downloadAddress, placeOf } from "../weights/named-file.js";
import { openCheckpoint } from "../weights/open.js";
import { proxiedFetch } from "../weights/proxied-fetch.js";
import { pathSource } from "../weights/sharded-source.js";
import { isUrl } from "../weights/source.js";
import type { ByteSource } from "../weights/source.js";
import { urlSource } from "../weights/url-source.js";
import { plainUrl } from "../weights/urls.js";
import { UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { describeInspection, inspectCheckpoint } from "./inspect-report.js";
import { checkWeights } from "./files.js";
import { print } from "./output.js";

const USAGE = `fcn inspect FILE [--state-dict KEY] [--json]

Prints what a checkpoint contains: its container, the network it belongs to,
parameters, dtypes and tensors; and for each network what is missing or
unexpected. FILE is a PyTorch .pth in any of its forms, or safetensors: a path,
a URL, or a name that fcn weights lists. Of what is not on this machine
only the parts needed are fetched.

  --state-dict KEY  which of several networks in the file: the keys that lead to
                    its dictionary ("ema.model"), or the start of its names
  --json            print one JSON object with every tensor, and nothing else,
                    on stdout

Exit code 0 for every checkpoint that can be read, recognised or not; 1 for one
that cannot, 2 when called wrongly, as with a file that is not there.`;

const OPTIONS = { json: { type: "boolean", default: false }, "state-dict": { type: "string" } } as const;

/** @throws bad-weights, UsageError where there is no such file */
async function sourceOf(file: string): Promise<ByteSource> {
  await checkWeights("inspect", file);
  const named = namedWeights(file);
  if (named) {
    const { path, isThere } = await placeOf(named);
    return isThere ? fileSource(path, file) : urlSource(downloadAddress(named.url), { fetch: proxiedFetch });
  }
  if (isUrl(file)) return urlSource(plainUrl(file), { fetch: proxiedFetch });
  return pathSource(file);
}

export const inspect: Command = {
  name: "inspect",
  usage: USAGE,
  options: OPTIONS,
  async run(args) {
    const { values, positionals } = parse("inspect", args, OPTIONS);
    const [path, ...more] = positionals;
    if (path === undefined || more.length)
      throw new UsageError("inspect: name one file, as in fcn inspect weights.pth");
    const checkpoint = await openCheckpoint(await sourceOf(path), { stateDict: values["state-dict"] });
    try {
      const found = await inspectCheckpoint(checkpoint);
      if (values.json) print(JSON.stringify(found, null, 2));
      else describeInspection(found).forEach(print);
      return 0;
    } finally {
      await checkpoint.close();
    }
  },
};
