/** The thread's side of a pool (pool.ts): does one task after the other. */
import { parentPort } from "node:worker_threads";
import type { TransferListItem } from "node:worker_threads";
import { sentError, unreadable } from "./messages.js";
import type { ThreadAnswer } from "./messages.js";

/** A result, and the memory of it that moves to the other thread instead of being copied. */
export interface Done<Result> {
  readonly result: Result;
  readonly moved: readonly TransferListItem[];
}

/** Answers each task with what `work` gives for it. */
export function serveTasks<Task, Result>(work: (task: Task) => Promise<Done<Result>>): void {
  const answer = (message: ThreadAnswer<Result>, moved: readonly TransferListItem[] = []): void =>
    parentPort?.postMessage(message, moved);
  const refuse = (error: unknown): void => answer({ error: sentError(error) });
  parentPort?.on("message", (task: Task) => {
    // Also where the result cannot be sent: without an answer the other thread would wait for ever.
    work(task)
      .then(({ result, moved }) => answer({ result }, moved))
      .catch(refuse);
  });
  parentPort?.on("messageerror", (error) => refuse(unreadable("task", error)));
  answer({ ready: true });
}
