/** The pictures of `fcn segment`, with the names of their results. */
import { isStdin } from "../image/open-input.js";
import { UsageError } from "./command.js";
import { listPictures, listedPictures, refuseInputsBesideList } from "./datasets.js";
import type { ListedPicture } from "./picture-list.js";
import { outputNames } from "./segment-names.js";
import { STREAM } from "./segment-options.js";
import type { SegmentInput } from "./segment-run.js";

/** The name of the picture on stdin. */
const STDIN = "stdin";

const named = (pictures: readonly ListedPicture[], hasStdin: boolean): SegmentInput[] => {
  const names = outputNames(pictures.map(({ path }) => path));
  return pictures.map((listed, i) => {
    const { path: image, bytes, sha256 } = listed;
    const isChecked = bytes !== undefined || sha256 !== undefined;
    return { image, name: names[i] ?? "", stdin: hasStdin && i === 0, ...(isChecked ? { listed } : {}) };
  });
};

/** The pictures, with stdin first. @throws UsageError */
async function picturesOf(inputs: readonly string[]): Promise<SegmentInput[]> {
  if (inputs.length === 0) throw new UsageError("segment: name at least one picture, as in fcn segment photo.png");
  const paths = inputs.filter((input) => input !== STREAM);
  const hasStdin = paths.length < inputs.length;
  const streams = inputs.filter((input) => input === STREAM || isStdin(input));
  if (streams.length > 1) throw new UsageError("segment: - (stdin) can be given once");
  if (streams.length && process.stdin.isTTY)
    throw new UsageError("segment: - reads a picture from stdin, which is a terminal; redirect a file into it");
  const pictures = (await listPictures("segment", paths)).map(({ picture }) => ({ path: picture }));
  return named(hasStdin ? [{ path: STDIN }, ...pictures] : pictures, hasStdin);
}

/** All pictures, also those of other shards: the names of results depend on all of them. @throws UsageError */
export async function segmentInputs(inputs: readonly string[], list: string | undefined): Promise<SegmentInput[]> {
  refuseInputsBesideList("segment", { inputs, list });
  return list === undefined ? picturesOf(inputs) : named(await listedPictures("segment", list), false);
}

/** @throws UsageError where a picture cannot be read a second time */
export function refuseStreams(inputs: readonly SegmentInput[]): void {
  if (inputs.some(({ image, stdin }) => stdin || isStdin(image)))
    throw new UsageError(
      "segment: a picture on stdin cannot be read again, so --resume, --fresh and --shard do not go with it",
    );
}
