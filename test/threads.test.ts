/** Work of `fcn segment` beside the main thread: threads, several devices, and memory for what is read ahead. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MessageChannel, Worker, receiveMessageOnPort } from "node:worker_threads";
import sharp from "sharp";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ByteBudget } from "../src/cli/byte-budget.js";
import { isDiskFull, isPassing } from "../src/cli/exit-codes.js";
import { Lanes } from "../src/cli/lanes.js";
import { memoryOf } from "../src/cli/threads/memory.js";
import { receivedError, sentError } from "../src/cli/threads/messages.js";
import { ThreadPool } from "../src/cli/threads/pool.js";
import { FcnError, isFcnError } from "../src/base/errors.js";
import { rejectionOf } from "./helpers/promises.js";

const folder = mkdtempSync(join(tmpdir(), "fcn-threads-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SERVE = new URL("../dist/src/cli/threads/serve.js", import.meta.url).href;
const ERRORS = new URL("../dist/src/base/errors.js", import.meta.url).href;

/** A thread that does what a task's name says. */
const module = join(folder, "thread.mjs");
writeFileSync(
  module,
  `import { threadId } from "node:worker_threads";
  import { parentPort } from "node:worker_threads";
  import { serveTasks } from ${JSON.stringify(SERVE)};
  import { FcnError } from ${JSON.stringify(ERRORS)};
  serveTasks(async ({ name, data }) => {
    if (name === "refuse") throw new FcnError("bad-image", "a.png: it is torn", { cause: new Error("at byte 7") });
    if (name === "die") process.exit(3);
    const bug = name === "throw" ? new Error("a bug") : new RangeError();
    if (name.startsWith("throw")) setImmediate(() => { throw bug; });
    if (name === "unsendable") return { result: () => 0, moved: [] };
    if (name === "garbled") parentPort.emit("messageerror", new Error("torn"));
    if (name === "garbled" || name.startsWith("throw")) await new Promise(() => undefined);
    if (name === "wait") await new Promise((resolve) => setTimeout(resolve, 60_000));
    return { result: { threadId, bytes: data?.length }, moved: [] };
  });`,
);

interface Task {
  readonly name: string;
  readonly data?: Uint8Array;
}

interface Result {
  readonly threadId: number;
  readonly bytes: number | undefined;
}

const poolOf = (size: number): ThreadPool<Task, Result> => new ThreadPool(pathToFileURL(module), size);

describe("a pool of threads", () => {
  /** Each call's `this` is a thread. */
  const spied = () => vi.spyOn(Worker.prototype, "postMessage");
  let posted: ReturnType<typeof spied>;
  beforeEach(() => {
    posted = spied();
  });
  afterEach(() => vi.restoreAllMocks());

  it("runs many tasks on few threads, and moves memory", async () => {
    const pool = poolOf(2);
    const results = await Promise.all(Array.from({ length: 7 }, () => pool.run({ name: "go" })));
    expect(new Set(results.map(({ threadId }) => threadId)).size).toBe(2);
    const data = new Uint8Array(1000);
    expect((await pool.run({ name: "go", data }, memoryOf(data))).bytes).toBe(1000);
    expect(data.length, "the memory has moved").toBe(0);
    await pool.close();
  });

  it("gives errors their code and cause, and goes on", async () => {
    const pool = poolOf(1);
    const error = await pool.run({ name: "refuse" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FcnError);
    expect(error).toMatchObject({ code: "bad-image", message: "a.png: it is torn", cause: { message: "at byte 7" } });
    expect((await pool.run({ name: "go" })).bytes).toBeUndefined();
    await pool.close();
  });

  it("replaces a thread that died, whose task alone fails", async () => {
    const pool = poolOf(1);
    const [died, other] = await Promise.allSettled([pool.run({ name: "die" }), pool.run({ name: "go" })]);
    const sentence = "a thread ended with code 3 during its task";
    expect(died).toMatchObject({ status: "rejected", reason: { message: sentence } });
    expect((died as PromiseRejectedResult).reason).not.toBeInstanceOf(FcnError);
    expect(other.status).toBe("fulfilled");
    await pool.close();
  });

  it.each([
    ["throw", "a thread died during its task: a bug"],
    ["throw nothing", "a thread died during its task: RangeError"],
  ])("says why a thread died that did not lack memory: %s", async (name, message) => {
    const pool = poolOf(1);
    const error = await rejectionOf(pool.run({ name }));
    expect(error).toMatchObject({ message });
    expect((error as Error).cause).toBeInstanceOf(Error);
    expect([isPassing(error), isFcnError(error)]).toEqual([false, false]);
    expect((await pool.run({ name: "go" })).bytes).toBeUndefined();
    await pool.close();
  });

  it("asks for fewer threads where the memory of one was full", async () => {
    const pool = poolOf(1);
    const started = pool.run({ name: "wait" });
    const [thread] = posted.mock.contexts as [Worker];
    const full = Object.assign(new Error("its heap is full"), { code: "ERR_WORKER_OUT_OF_MEMORY" });
    thread.emit("error", full);
    const message = "a thread died during its task (its heap is full); use fewer threads";
    expect(await rejectionOf(started)).toMatchObject({ code: "out-of-memory", message, cause: full });
    await thread.terminate();
    await pool.close();
  });

  it.each([
    ["unsendable", "could not be cloned"],
    ["garbled", "the task of a thread cannot be read: torn"],
  ])("gets an answer also where a thread cannot send its own, or read its task: %s", async (name, message) => {
    const pool = poolOf(1);
    await expect(pool.run({ name })).rejects.toThrow(message);
    expect((await pool.run({ name: "go" })).bytes).toBeUndefined();
    await pool.close();
  });

  it("rejects where an answer cannot be read, and goes on", async () => {
    const pool = poolOf(1);
    posted.mockImplementationOnce(function (this: Worker) {
      this.emit("messageerror", new Error("torn"));
    });
    await expect(pool.run({ name: "go" })).rejects.toThrow("the answer of a thread cannot be read: torn");
    expect((await pool.run({ name: "go" })).bytes).toBeUndefined();
    await pool.close();
  });

  it("refuses a task that cannot be sent, and goes on", async () => {
    const pool = poolOf(1);
    const unsendable = { name: "go", data: (() => 0) as unknown as Uint8Array };
    await expect(pool.run(unsendable)).rejects.toThrow("could not be cloned");
    expect((await pool.run({ name: "go" })).bytes).toBeUndefined();
    await pool.close();
  });

  it("ends what runs and what waits when it is closed", async () => {
    const pool = poolOf(1);
    const tasks = [pool.run({ name: "wait" }), pool.run({ name: "go" })];
    const ends = Promise.allSettled(tasks);
    await pool.close();
    for (const end of await ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "disposed" } });
    await expect(pool.run({ name: "go" })).rejects.toMatchObject({ code: "disposed" });
  });
});

describe("memory that moves", () => {
  it("is whole and not shared: parts of Node's pool are copied", () => {
    const own = new Uint8Array(8);
    expect(memoryOf(own, own, undefined)).toEqual([own.buffer]);
    expect(
      memoryOf(Buffer.from("small"), new Uint8Array(own.buffer, 4), new Uint8Array(new SharedArrayBuffer(8))),
    ).toEqual([]);
  });

  it("is not sharp's, which Node refuses to move: a message with it arrives", async () => {
    const create = { width: 64, height: 64, channels: 4, background: "red" } as const;
    const { buffer, byteLength } = await sharp({ create }).raw().toBuffer();
    const pixels = new Uint8Array(buffer, 0, byteLength);
    expect(pixels.byteLength).toBe(buffer.byteLength);
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(pixels, memoryOf(pixels));
    expect(receiveMessageOnPort(port2)?.message).toEqual(
      Uint8Array.from({ length: 2 ** 14 }, (_, i) => ((i % 4) % 3 ? 0 : 255)),
    );
    port1.close();
  });
});

it("errors keep what exit codes are made of", () => {
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const received = receivedError(sentError(new FcnError("bad-option", "cannot write", { cause: full })));
  expect([isDiskFull(received), isPassing(received)]).toEqual([true, true]);
  expect(receivedError(sentError("a text")).message).toBe("a text");
  const own = new Error("a circle");
  own.cause = own;
  expect(receivedError(sentError(own)).cause).toMatchObject({ message: "a circle" });
});

describe("lanes", () => {
  it("give work to the device that has the least to do, in order", async () => {
    const lanes = new Lanes(["a", "b"], 2);
    const started: string[] = [];
    const ends: (() => void)[] = [];
    const works = Array.from({ length: 5 }, (_, i) =>
      lanes.run(async (device) => {
        started.push(`${i}${device}`);
        await new Promise<void>((resolve) => ends.push(resolve));
        return i;
      }),
    );
    await new Promise(setImmediate);
    expect(started).toEqual(["0a", "1b", "2a", "3b"]);
    ends[1]?.();
    await new Promise(setImmediate);
    expect(started.at(-1)).toBe("4b");
    for (const end of ends) end();
    expect(await Promise.all(works)).toEqual([0, 1, 2, 3, 4]);
  });

  it("are free again after an error", async () => {
    const lanes = new Lanes(["a"], 1);
    await expect(lanes.run(() => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
    expect(await lanes.run(async (device) => device)).toBe("a");
  });
});

it("a budget of bytes waits until there is room", async () => {
  const budget = new ByteBudget(10);
  budget.take(12);
  let isFree = false;
  const waiting = budget
    .reserve(() => 10)
    .then(() => {
      isFree = true;
    });
  budget.give(1);
  await new Promise(setImmediate);
  expect(isFree).toBe(false);
  budget.give(11);
  await waiting;
  expect(isFree).toBe(true);
});
