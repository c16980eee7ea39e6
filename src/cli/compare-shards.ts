/** Shards of a comparison: which part a folder of results has, and what of all pictures a merge lacks. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { counted } from "../base/counted.js";
import type { ResultRecord, RunHeader } from "../eval/records.js";
import { UsageError } from "./command.js";
import { COMPARISON } from "./compare-log.js";
import type { DatasetItem } from "./datasets.js";
import { listLine } from "./picture-list.js";
import { RESULTS, readHeader } from "./read-records.js";
import type { LogMode } from "./record-log.js";
import { shardSize } from "./shards.js";
import type { Shard } from "./shards.js";

const SHARD_FIELDS = ["shard", "pictures", "list"] as const;

/** Which part of which pictures a run has. */
export type ShardFields = Pick<RunHeader, (typeof SHARD_FIELDS)[number]>;

/** Of a run without shards there is nothing to say: its pictures may become more. */
export function shardFields(all: readonly DatasetItem[], shard: Shard | undefined): ShardFields {
  if (!shard) return {};
  const hash = createHash("sha256");
  for (const { key } of all) hash.update(listLine({ path: key }));
  return { shard: `${shard.part}/${shard.parts}`, pictures: all.length, list: hash.digest("hex") };
}

/** What is put together is not a shard. */
export function withoutShard(header: RunHeader): RunHeader {
  const whole = { ...header };
  for (const field of SHARD_FIELDS) delete whole[field];
  return whole;
}

const described = ({ shard }: ShardFields): string => (shard === undefined ? "all pictures" : `shard ${shard}`);

/** @throws UsageError where a resumed folder has another shard, or a shard of other pictures */
export async function refuseOtherShard(out: string, fields: ShardFields, mode: LogMode): Promise<void> {
  const before = mode === "resume" ? await readHeader(join(out, RESULTS), COMPARISON) : undefined;
  if (!before) return;
  if (before.shard !== fields.shard)
    throw new UsageError(
      `compare: ${out} has results of ${described(before)}, this run has ${described(fields)}; give each shard an ` +
        "--out of its own, or give --fresh",
    );
  if (before.list !== fields.list)
    throw new UsageError(
      `compare: ${out} has results of a shard of ${counted(before.pictures ?? 0, "picture")}, this run has one of ` +
        `${counted(fields.pictures ?? 0, "picture")} or of others; give all shards one list with --list, ` +
        "or give --fresh",
    );
}

/** A file of results, and how many pictures are in it. */
export interface ReadShard {
  readonly folder: string;
  readonly header: RunHeader;
  /** Names of pictures with a result or a failure. */
  readonly pictures: ReadonlySet<string>;
}

/** Gathers what readAlike() gives of each file. */
export class ReadShards {
  readonly #shards = new Map<string, { header: RunHeader; folder: string; pictures: Set<string> }>();

  begin(folder: string, header: RunHeader): void {
    this.#shards.set(folder, { folder, header, pictures: new Set() });
  }

  add(folder: string, record: ResultRecord): void {
    if ("picture" in record) this.#shards.get(folder)?.pictures.add(record.picture);
  }

  /** A sentence for each shard that is not whole. */
  get lacks(): string[] {
    return lacksOf([...this.#shards.values()]);
  }
}

/** A sentence for each shard that is absent, is not done, or does not go with the first one. */
function lacksOf(read: readonly ReadShard[]): string[] {
  const [first] = read;
  // Beside results without a shard nothing says which pictures there are.
  if (!first || read.some(({ header }) => header.shard === undefined)) return [];
  const { shard = "", pictures: total = 0, list } = first.header;
  const parts = Number(shard.split("/")[1]);
  const others = read.filter(({ header }) => header.list !== list || header.pictures !== total);
  const wrongs = others.map(
    ({ folder }) => `${folder} is a shard of another list than ${first.folder}; give all shards one --list`,
  );
  const lacks = Array.from({ length: parts }, (_, i) => i + 1).flatMap((part) => {
    const own = read.filter(({ header }) => header.shard === `${part}/${parts}`);
    const size = shardSize(total, { part, parts });
    const done = new Set(own.flatMap(({ pictures }) => [...pictures])).size;
    if (done >= size) return [];
    if (!own.length) return [`shard ${part}/${parts}, which has ${counted(size, "picture")}, is absent`];
    return [`shard ${part}/${parts} has ${counted(size, "picture")}, of which ${done} are in its results`];
  });
  return [...wrongs, ...lacks];
}
