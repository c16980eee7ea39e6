/** `fcn inspect`: what is in a checkpoint, and which networks it makes. No tensor is read and no graphics adapter is needed. */
import { fileSource } from "../weights/file-source.js";
import { openCheckpoint } from "../weights/open.js";
import { isUrl } from "../weights/source.js";
import { urlSource } from "../weights/url-source.js";
import { UsageError, parse, print } from "./command.js";
import type { Command } from "./command.js";
import { describeInspection, inspectCheckpoint } from "./inspect-report.js";

const USAGE = `fcn inspect FILE [--json]

Prints what a checkpoint (PyTorch .pth in any of its forms, or safetensors; a path or a URL) holds: its container, whose network
it is, parameters, dtypes, tensors, and for each network what is missing or unexpected. Of a URL only the parts needed are fetched.

  --json  one JSON object with every tensor, and nothing else

Exit code 0 for any checkpoint that can be read, recognised or not; 1 for one that cannot.`;

export const inspect: Command = {
  name: "inspect",
  summary: "what is in a checkpoint, and which networks it makes",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = parse("inspect", args, { json: { type: "boolean", default: false } });
    const [path, ...more] = positionals;
    if (path === undefined || more.length)
      throw new UsageError("inspect: name one file, as in fcn inspect weights.pth");
    const checkpoint = await openCheckpoint(isUrl(path) ? await urlSource(path) : await fileSource(path));
    try {
      const found = inspectCheckpoint(checkpoint);
      if (values.json) print(JSON.stringify(found, null, 2));
      else describeInspection(found).forEach(print);
      return 0;
    } finally {
      await checkpoint.close();
    }
  },
};
