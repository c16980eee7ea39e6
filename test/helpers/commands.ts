/** Commands run within the test's own process, from the sources. */
import { vi } from "vitest";
import type { Command } from "../../src/cli/command.js";

export interface CommandEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command and collects what it prints. Rejects with the error that main.ts would print. */
export async function runCommand(command: Command, ...args: string[]): Promise<CommandEnd> {
  const printed = { out: "", err: "" };
  const collect = (key: keyof typeof printed) => (text: unknown) => {
    printed[key] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(collect("out")),
    vi.spyOn(process.stderr, "write").mockImplementation(collect("err")),
  ];
  try {
    return { code: await command.run(args), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
