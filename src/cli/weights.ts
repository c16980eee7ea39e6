/** `fcn weights`: the weights that have names, and which of them are on this machine. Downloads those asked for. */
import { textTable } from "../base/text-table.js";
import { VOC_CLASSES } from "../image/palette.js";
import { WEIGHTS_FACTS } from "../weights/catalogue-facts.js";
import type { WeightsFacts } from "../weights/catalogue-facts.js";
import { WEIGHTS_NAMES, namedWeights } from "../weights/catalogue.js";
import type { NamedWeights } from "../weights/catalogue.js";
import { cacheFolder } from "../weights/disk-cache.js";
import { downloadAddress, placeOf } from "../weights/named-file.js";
import { QUIET_OPTION, UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { pathOfNamed } from "./files.js";
import { namedClasses } from "../image/named-classes.js";
import type { NamedClass } from "../image/named-classes.js";
import { print } from "./output.js";

const USAGE = `fcn weights [NAME...] [--json]

Lists the weights that have names, as in fcn segment photo.png --weights
torchvision/fcn_resnet101: their size, licence, what the network knows, and
whether they are on this machine. With NAMEs: downloads these, checks them and
lists them. Other commands download weights when they first need them.

  --json       print one JSON array, and nothing else, on stdout; it also has
               the address, the SHA-256 and the path of every file
  -q, --quiet  no progress on stderr; errors remain

A licence is that of the file's publisher.

FCN_WEBGPU_CACHE names another folder for downloads (default:
~/.cache/fcn-webgpu). FCN_WEIGHTS_MIRROR=http(s)://HOST/FOLDER stands in for
https://download.pytorch.org, for networks that do not reach it: the files are
FOLDER/models/NAME.pth there.

Exit code 1 when a download failed, 2 when called wrongly.`;

const OPTIONS = { json: { type: "boolean", default: false }, ...QUIET_OPTION } as const;

type State = "in the package" | "downloaded" | "not downloaded";

/** What --json prints of a file. */
export interface ListedWeights extends Omit<WeightsFacts, "classes"> {
  readonly name: string;
  /** Null for a file that ships. */
  readonly url: string | null;
  readonly state: State;
  /** Of its heads; none for a backbone without one. */
  readonly classes: readonly NamedClass[];
  /** Where the file is, or will be. */
  readonly path: string;
}

async function listed(weights: NamedWeights): Promise<ListedWeights> {
  const { name, url, sha256 } = weights;
  const { path, isThere } = await placeOf(weights);
  const { classes: count, ...rest } = WEIGHTS_FACTS[name];
  const facts = { ...rest, classes: namedClasses(VOC_CLASSES.slice(0, count)) };
  if (sha256) return { name, url: null, state: "in the package", path, ...facts };
  return { name, url: downloadAddress(url), state: isThere ? "downloaded" : "not downloaded", path, ...facts };
}

/** @throws UsageError with the names there are */
function weightsOf(name: string): NamedWeights {
  const found = namedWeights(name);
  if (!found) throw new UsageError(`weights: ${name} is not one of ${WEIGHTS_NAMES.join(", ")}`);
  return found;
}

const CACHED: Readonly<Record<State, string>> = {
  "in the package": "ships",
  downloaded: "yes",
  "not downloaded": "no",
};

/** At most 80 columns wide, but for paths. */
function describeWeights(all: readonly ListedWeights[]): string {
  const rows = all.map(({ name, bytes, state, knows, classes, licence }) => {
    const size = `${Math.round(bytes / 1e6)} MB`;
    return [
      name,
      size,
      CACHED[state],
      `${knows}, ${classes.length ? `${classes.length} classes` : "no head"}`,
      licence,
    ];
  });
  const head = ["name", "size", "cached", "knows", "licence"];
  const downloaded = all.filter(({ state }) => state === "downloaded");
  return [
    textTable([head, ...rows], { align: ["left", "right", "left"] }),
    "",
    "The 21 classes are PASCAL VOC's. Weights without a head are backbones.",
    downloaded.length ? "Downloaded:" : `Downloads go to ${cacheFolder()}`,
    ...downloaded.map(({ path }) => `  ${path}`),
  ].join("\n");
}

/** An array with a line for each member. */
const jsonLinesOf = (all: readonly unknown[]): string => `[\n${all.map((own) => JSON.stringify(own)).join(",\n")}\n]`;

export const weights: Command = {
  name: "weights",
  usage: USAGE,
  options: OPTIONS,
  words: WEIGHTS_NAMES,
  async run(args) {
    const { values, positionals } = parse("weights", args, OPTIONS);
    const asked = positionals.map(weightsOf);
    for (const own of asked) await pathOfNamed(own);
    const shown = asked.length ? asked : WEIGHTS_NAMES.map(weightsOf);
    const found = await Promise.all(shown.map(listed));
    print(values.json ? jsonLinesOf(found) : describeWeights(found));
    return 0;
  },
};
