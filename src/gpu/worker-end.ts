/**
 * Lets a worker thread end while the GPU works. Dawn aborts the process when a thread goes away that still has a
 * promise of Dawn's pending: a map, an error scope, a pipeline. That is what an uncaught error or process.exit() does.
 * Here Dawn's promises are settled first. worker.terminate() runs no JavaScript, so nothing can be done before it.
 * Node only.
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

/** On a device that was destroyed nothing waits for the GPU, so a few turns settle everything. */
function settleAll(): void {
  isEnding = true;
  for (const device of devices) device.destroy();
  while (nextTurn) {
    const turn = nextTurn;
    nextTurn = undefined;
    turn();
  }
}

/** Call it before Dawn's first use in a thread. It does nothing in the main thread, whose end Dawn survives. */
export function guardWorkerEnd(): void {
  if (isMainThread || isGuarded) return;
  isGuarded = true;
  watchTurns();
  process.on("exit", settleAll);
}

/** Gives up the device's work when the thread ends. */
export function endWithWorker(device: GPUDevice): void {
  if (isMainThread) return;
  devices.add(device);
  void device.lost.then(() => devices.delete(device));
}
