/**
 * The commands, as help lists them. A command's modules are loaded when it is called: those of all commands are 600,
 * and take half a second.
 */
import type { Command } from "./command.js";
import type { CommandName } from "./program-name.js";

export interface ListedCommand {
  readonly name: CommandName;
  /** One line. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly ListedCommand[] = [
  {
    name: "segment",
    summary: "label every pixel: maps, overlays, masks, probabilities, JSON",
    load: async () => (await import("./segment.js")).segment,
  },
  {
    name: "list",
    summary: "print the pictures of folders and patterns, for --list",
    load: async () => (await import("./list.js")).list,
  },
  {
    name: "status",
    summary: "how far fcn segment is, over all shards",
    load: async () => (await import("./status.js")).status,
  },
  {
    name: "compare",
    summary: "compare what networks cost and gain: table, plots, report",
    load: async () => (await import("./compare.js")).compare,
  },
  {
    name: "train",
    summary: "train heads or a whole network on labelled pictures",
    load: async () => (await import("./train.js")).train,
  },
  {
    name: "bench",
    summary: "time kernels and networks, and compare with the adapter's peak",
    load: async () => (await import("./bench.js")).bench,
  },
  {
    name: "demo",
    summary: "segment the sample pictures with FCN-32s, 16s and 8s",
    load: async () => (await import("./demo.js")).demo,
  },
  {
    name: "inspect",
    summary: "show what a checkpoint contains, and which networks it fits",
    load: async () => (await import("./inspect.js")).inspect,
  },
  {
    name: "import",
    summary: "convert a checkpoint, such as one of PyTorch, to safetensors",
    load: async () => (await import("./import.js")).importCommand,
  },
  {
    name: "weights",
    summary: "list the weights that have names, or download them",
    load: async () => (await import("./weights.js")).weights,
  },
  {
    name: "tune",
    summary: "measure kernel variants on this GPU, and remember the fastest",
    load: async () => (await import("./tune.js")).tune,
  },
  {
    name: "doctor",
    summary: "show the adapter, driver, limits and kernels; or what to install",
    load: async () => (await import("./doctor.js")).doctor,
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    load: async () => (await import("./completion.js")).completionOf(COMMANDS),
  },
];
