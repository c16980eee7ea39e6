/**
 * Lets a program or a worker thread end while the GPU works, by process.exit() or an uncaught error. Node only.
 *
 * In the main thread, drivers that compile on threads of their own (Mesa) crash when the process ends under them, and
 * its exit code is lost. A device that is destroyed first waits for them.
 *
 * In a worker, Dawn aborts the process when a thread goes away that still has a promise of Dawn's pending: a map, an
 * error scope, a pipeline. Here these promises are settled first. worker.terminate() runs no JavaScript, so nothing can
 * be done before it.
 */
import { isMainThread } from "node:worker_threads";

type Immediate = typeof setImmediate;

/** Devices whose work is given up when the thread ends. */
const devices = new Set<GPUDevice>();

/** Dawn's next turn: it settles the promises whose work is done, and asks for another turn while some are pending. */
let nextTurn: (() => void) | undefined;
let isEnding = false;
let isGuarded = false;

/** Dawn's callbacks have no text of JavaScript; functions of users that are bound have none either, but a name. */
function isDawns(callback: unknown): callback is () => void {
  if (typeof callback !== "function" || callback.name !== "") return false;
  return Function.prototype.toString.call(callback).includes("[native code]");
}

/** Dawn looks up the global setImmediate for every turn, so a wrapper around it sees the turns. */
function watchTurns(): void {
  const original = globalThis.setImmediate;
  const watched = ((callback: (...given: unknown[]) => void, ...rest: unknown[]) => {
    if (isDawns(callback)) nextTurn = callback;
    return isEnding ? undefined : original(callback, ...rest);
  }) as Immediate;
  globalThis.setImmediate = Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
}

/** On a device that was destroyed nothing waits for the GPU, so in a worker a few turns settle everything. */
function settleAll(): void {
  isEnding = true;
  for (const device of devices) device.destroy();
  while (nextTurn) {
    const turn = nextTurn;
    nextTurn = undefined;
    turn();
  }
}

/** Call it before Dawn's first use in a thread. The main thread's turns need no watch: Dawn survives its end. */
export function guardThreadEnd(): void {
  if (isGuarded) return;
  isGuarded = true;
  if (!isMainThread) watchTurns();
  process.on("exit", settleAll);
}

/** Gives up the device's work when the thread ends. */
export function endWithThread(device: GPUDevice): void {
  devices.add(device);
  void device.lost.then(() => devices.delete(device));
}
