/** `fcn status`: how far runs of `fcn segment` are, over all their shards. */
import { setTimeout as sleep } from "node:timers/promises";
import { textTable } from "../base/text-table.js";
import { UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { print } from "./output.js";
import { duration } from "./progress.js";
import { Watch } from "./status-watch.js";
import type { Progress } from "./status-watch.js";

const USAGE = `fcn status DIR... [options]

Says how far a run of fcn segment is that writes into DIR with --resume,
--fresh or --shard: a line for each shard and one for all, with the pictures
that are done, failed and missing, pictures a second, and the time left. It
reads the records alone and disturbs no run.

  --watch  print it again every two seconds, until all is done
  --json   print it as one JSON object, and nothing else, on stdout; with
           --watch as one line each time

Exit code 0 also when pictures failed or are missing, 1 when a record cannot be
read, 2 when called wrongly.`;

const OPTIONS = {
  watch: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

const EVERY_MS = 2000;

const HEAD = ["", "done", "failed", "missing", "a second", "left", "state"];

const timeText = (seconds: number | undefined): string => (seconds === undefined ? "-" : duration(seconds));

const row = ({ name, done, failed, missing, rate, secondsLeft, state }: Progress): string[] => [
  name,
  ...[done, failed, missing].map(String),
  rate === undefined ? "-" : rate.toFixed(1),
  timeText(secondsLeft),
  state,
];

/** The lines of all shards and of their sum. */
const tableOf = (shards: readonly Progress[], all: Progress): string =>
  textTable([HEAD, ...shards.map(row), ...(shards.length > 1 ? [row(all)] : [])], { align: ["left", "right"] });

/** Returns to the first line of what was printed before, and clears what is below. */
const upBy = (lines: number): string => `\x1b[${lines}A\x1b[J`;

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse("status", args, OPTIONS);
  if (!positionals.length) throw new UsageError("status: name an --out folder of fcn segment, as in fcn status out");
  const watch = new Watch(positionals);
  let lines = 0;
  for (;;) {
    const { shards, all } = await watch.look();
    if (values.json) print(JSON.stringify({ shards, all }));
    else {
      const text = tableOf(shards, all);
      if (lines && process.stdout.isTTY) process.stdout.write(upBy(lines));
      print(text);
      lines = text.split("\n").length;
    }
    if (!values.watch || (all.missing === 0 && all.state !== "runs")) return 0;
    await sleep(EVERY_MS);
  }
}

export const status: Command = {
  name: "status",
  summary: "how far fcn segment is, over all shards",
  usage: USAGE,
  options: OPTIONS,
  run,
};
