/** The records of shards while runs write to them. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { signal } from "./services.js";

export class ShardRecords {
  constructor(
    private readonly out: string,
    private readonly shards: number,
  ) {}

  folder(part: number): string {
    return join(this.out, "shards", `${part}-of-${this.shards}`);
  }

  #text(part: number): string {
    const path = join(this.folder(part), "results.jsonl");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Pictures that are done. */
  pictures(part: number): number {
    return this.#text(part).match(/"files":/g)?.length ?? 0;
  }

  /** How often the shard was started. */
  starts(part: number): number {
    return this.#text(part).match(/"started":/g)?.length ?? 0;
  }

  /** The process that writes the record. */
  #writer(part: number): number | undefined {
    const names = existsSync(this.folder(part)) ? readdirSync(this.folder(part)) : [];
    return names.flatMap((name) => /^\.writer-(\d+)-/.exec(name)?.[1] ?? []).map(Number)[0];
  }

  /** Stops the process of a shard in its middle. Gives its id; undefined while it is not there. */
  freeze(part: number, size: number): number | undefined {
    const pid = this.pictures(part) > 0 ? this.#writer(part) : undefined;
    if (pid === undefined) return undefined;
    signal(pid, "SIGSTOP");
    if (this.pictures(part) < size) return pid;
    signal(pid, "SIGCONT");
    return undefined;
  }
}
