/**
 * Threads of Node that work on tasks, one each at a time; further tasks wait in order. A thread starts when it is first
 * needed, and does not keep the process alive while it has nothing to do.
 */
import { Worker } from "node:worker_threads";
import type { TransferListItem } from "node:worker_threads";
import { FcnError, isFcnError } from "../../base/errors.js";
import { namedMessage, receivedError, sentError, unreadable } from "./messages.js";
import type { ThreadAnswer } from "./messages.js";

interface Waiting<Task, Result> {
  readonly task: Task;
  readonly moved: readonly TransferListItem[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** Only a heap that is full is a lack of memory; anything else is a bug, or a system that lacks something. */
function causeOfDeath(error: unknown): Error {
  const message = namedMessage(error);
  if ((error as NodeJS.ErrnoException | undefined)?.code !== "ERR_WORKER_OUT_OF_MEMORY")
    return new Error(`a thread died during its task: ${message}`, { cause: error });
  const sentence = `a thread died during its task (${message}); use fewer threads`;
  return new FcnError("out-of-memory", sentence, { cause: error });
}

/** No thread can work: one died before it took a task. */
export class ThreadStartError extends FcnError {
  constructor(cause: Error) {
    super("bad-option", `no thread can start (${cause.message}); --threads 0 works without threads`, { cause });
  }
}

export class ThreadPool<Task, Result> {
  readonly #module: URL;
  readonly #size: number;
  readonly #threads = new Set<Worker>();
  /** Threads whose modules run. */
  readonly #ready = new WeakSet<Worker>();
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Waiting<Task, Result>>();
  readonly #queue: Waiting<Task, Result>[] = [];
  #isClosed = false;

  /**
   * @param module what each thread runs: it calls serveTasks()
   * @param size threads at most
   */
  constructor(module: URL, size: number) {
    this.#module = module;
    this.#size = size;
  }

  /**
   * The result of a task.
   * @param moved memory of the task that moves to the thread: it is empty here afterwards
   * @throws what the task threw, with its code and words; disposed after close(); out-of-memory where the thread's
   * memory was full; ThreadStartError where it died before it took a task; an Error that says why where it died of
   * another cause
   */
  run(task: Task, moved: readonly TransferListItem[] = []): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new FcnError("disposed", "the threads were closed before this task"));
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, moved, resolve, reject });
      this.#next();
    });
  }

  /** Ends the threads. Tasks that are not done reject with `disposed`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const undone = [...this.#busy.values(), ...this.#queue.splice(0)];
    this.#busy.clear();
    for (const { reject } of undone) reject(new FcnError("disposed", "the threads were closed during this task"));
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  /** Gives waiting tasks to idle threads, or to new ones. */
  #next(): void {
    while (this.#queue.length > 0) {
      const thread = this.#idle.pop() ?? this.#start();
      if (!thread) return;
      const waiting = this.#queue.shift() as Waiting<Task, Result>;
      this.#busy.set(thread, waiting);
      thread.ref();
      try {
        thread.postMessage(waiting.task, waiting.moved);
      } catch (error) {
        this.#free(thread);
        waiting.reject(error as Error); // a task that cannot be cloned
      }
    }
  }

  #start(): Worker | undefined {
    if (this.#threads.size >= this.#size) return undefined;
    const thread = new Worker(this.#module);
    this.#threads.add(thread);
    thread.on("message", (answer: ThreadAnswer<Result>) => this.#answered(thread, answer));
    thread.on("messageerror", (error) => this.#answered(thread, { error: sentError(unreadable("answer", error)) }));
    thread.on("error", (error) => this.#died(thread, causeOfDeath(error)));
    thread.on("exit", (code) => this.#died(thread, new Error(`a thread ended with code ${code} during its task`)));
    return thread;
  }

  #answered(thread: Worker, answer: ThreadAnswer<Result>): void {
    if ("ready" in answer) {
      this.#ready.add(thread);
      return;
    }
    const waiting = this.#busy.get(thread);
    this.#free(thread);
    if ("error" in answer) waiting?.reject(receivedError(answer.error));
    else waiting?.resolve(answer.result);
    this.#next();
  }

  #free(thread: Worker): void {
    this.#busy.delete(thread);
    this.#idle.push(thread);
    thread.unref();
  }

  /**
   * The other tasks go on; a new thread takes the place of this one when it is needed. A thread that never worked says
   * that the next one would not either, but where its memory was full.
   */
  #died(thread: Worker, error: Error): void {
    if (!this.#threads.delete(thread)) return;
    const waiting = this.#busy.get(thread);
    this.#busy.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#ready.has(thread) || isFcnError(error)) waiting?.reject(error);
    else {
      const failure = new ThreadStartError(error);
      for (const { reject } of [...(waiting ? [waiting] : []), ...this.#queue.splice(0)]) reject(failure);
    }
    if (!this.#isClosed) this.#next();
  }
}
