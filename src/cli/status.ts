/** `fcn status`: how far runs of `fcn segment` are, over all their shards. */
import { setTimeout as sleep } from "node:timers/promises";
import { textTable } from "../base/text-table.js";
import { UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { print, printNote } from "./output.js";
import { duration } from "./progress.js";
import { Watch, isAtEnd } from "./status-watch.js";
import type { Overview, Progress } from "./status-watch.js";

const USAGE = `fcn status DIR... [options]

Says how far a run of fcn segment is that writes into DIR with --resume,
--fresh or --shard: a line for each shard and one for all, with the pictures
that are done, failed and missing, pictures a second, and the time left. It
reads the records alone and disturbs no run.

  --watch  print it again every two seconds, until all is done; where a DIR has
           no record yet, wait for it
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

const printJson = ({ shards, all }: Overview): void => print(JSON.stringify({ shards, all }));

/** Prints a table; on a terminal in the place of the one before. */
function tablePrinter(): (look: Overview) => void {
  let lines = 0;
  return ({ shards, all }) => {
    const text = tableOf(shards, all);
    if (lines && process.stdout.isTTY) process.stdout.write(upBy(lines));
    print(text);
    lines = text.split("\n").length;
  };
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse("status", args, OPTIONS);
  if (!positionals.length) throw new UsageError("status: name an --out folder of fcn segment, as in fcn status out");
  const watch = new Watch(positionals);
  const show = values.json ? printJson : tablePrinter();
  let isWaiting = false;
  for (;;) {
    const look = await watch.look(values.watch);
    const { empty } = look;
    if (empty.length && !isWaiting)
      printNote(`fcn: status: there are no results in ${empty.join(" and ")} yet; waits for a run of fcn segment`);
    isWaiting = empty.length > 0;
    if (look.shards.length) show(look);
    if (!values.watch || isAtEnd(look)) return 0;
    await sleep(EVERY_MS);
  }
}

export const status: Command = {
  name: "status",
  usage: USAGE,
  options: OPTIONS,
  run,
};
