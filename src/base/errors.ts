import { printable } from "./printable.js";

/** The codes of the errors that this library throws on purpose. They never change (docs/troubleshooting.md). */
export type FcnErrorCode =
  | "no-webgpu" // this runtime has no WebGPU at all
  | "no-adapter" // WebGPU is there, but no driver offers an adapter
  | "limit-too-small" // the adapter cannot hold it; the message has both numbers
  | "device-lost" // the device is gone: driver reset, unplugged, or destroyed by other code
  | "gpu-error" // WebGPU reported a validation or internal error: a bug of this library
  | "out-of-memory" // the adapter could not allocate
  | "bad-shape" // tensors that do not fit each other or the operation
  | "bad-weights" // a checkpoint that cannot be read or does not fit the model
  | "bad-image" // a picture that cannot be decoded or used
  | "missing-package" // an optional npm package is needed, and the message names it
  | "bad-option" // an argument outside its documented values
  | "disposed"; // used after dispose()

/**
 * An error that this library throws on purpose. `message` is one sentence: the operation, what it got, what it needed
 * with the numbers, and the cure. docs/troubleshooting.md goes through the codes.
 * @example
 * import { FcnError, loadFcn } from "fcn-webgpu/node";
 *
 * const fcn = await loadFcn();
 * const error: unknown = await fcn.segment("no-such-file.png").catch((reason: unknown) => reason);
 * if (error instanceof FcnError) console.log(error.code, error.message.includes("no-such-file.png"));
 * // prints bad-image true
 * fcn.dispose();
 */
export class FcnError extends Error {
  /** "FcnError", by which errors of other copies of this library are known as well. */
  override readonly name = "FcnError";
  /** What went wrong, for programs. Codes never change. */
  readonly code: FcnErrorCode;

  /** `options.cause` is the error behind this one. */
  constructor(code: FcnErrorCode, message: string, options?: { cause?: unknown }) {
    super(printable(message), options); // names from files are part of it
    this.code = code;
  }

  /** True for errors of other copies of this library too: of a bundle's chunk, or of a second installation. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== FcnError) return Function.prototype[Symbol.hasInstance].call(this, value);
    const error = value as Partial<FcnError> | null | undefined;
    return typeof value === "object" && error?.name === "FcnError" && typeof error.code === "string";
  }
}

/**
 * The error of tensors that do not fit each other or the operation, for the shape rule of a kernel of your own. It
 * returns the error and does not throw it.
 * @example
 * import { badShape } from "fcn-webgpu/kernels";
 *
 * console.log(badShape("myKernel: x [1,3,4,4] needs 4 channels").code); // prints bad-shape
 */
export function badShape(message: string): FcnError {
  return new FcnError("bad-shape", message);
}

/** An argument outside its documented values. */
export function badOption(message: string): FcnError {
  return new FcnError("bad-option", message);
}

/** `what` reads like "a tensor of 900 MB". */
export function limitTooSmall(what: string, limit: string, needed: number, offered: number): FcnError {
  const message = `${what} needs ${limit} ${needed}, this adapter offers ${offered}; make it smaller`;
  return new FcnError("limit-too-small", message);
}

/** `conv2d has no variant "fast"; it has naive, vec4`. */
export function hasNo(owner: string, kind: string, name: string, known: Iterable<string>): string {
  return `${owner} has no ${kind} "${name}"; it has ${[...known].join(", ") || "none"}`;
}

/**
 * True for errors of this library with the given code, or with any code when none is given.
 * @example
 * import { isFcnError, requestDevice } from "fcn-webgpu/node";
 *
 * try {
 *   await requestDevice({ adapter: "no such card" });
 * } catch (error) {
 *   if (!isFcnError(error, "no-adapter")) throw error;
 *   console.log("this machine has another adapter"); // prints this machine has another adapter
 * }
 */
export function isFcnError(error: unknown, code?: FcnErrorCode): error is FcnError {
  return error instanceof FcnError && (code === undefined || error.code === code);
}

/** Whether something was too large for the device: smaller pictures or fewer models help. */
export function isTooLarge(error: unknown): error is FcnError {
  return isFcnError(error, "limit-too-small") || isFcnError(error, "out-of-memory");
}

/** The first line of a report that a driver, a compiler or a package wrote. */
export const firstLineOf = (text: string): string => text.trim().split("\n")[0] ?? "";

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  // Not by instanceof: under Jest the errors of Node's own modules are of another realm.
  return (error as Error | undefined)?.message ?? String(error);
}
