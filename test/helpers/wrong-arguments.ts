/** Arguments that plain JavaScript may pass: each call gets one or two wrong ones, in any depth. */
import { seeded } from "../../src/base/random.js";

/** A call of the public API with arguments that it takes. */
export interface ApiCall {
  readonly name: string;
  readonly args: () => readonly unknown[];
  readonly call: (...args: never[]) => unknown;
}

class Impostor {
  readonly width = "8";
  readonly name = Symbol("name");
}

function* pictures(): Generator<unknown> {
  yield { width: 2 };
}

/** What a callback of the junk throws. The user gets it as it is. */
const CALLBACK_ERROR = "a callback of the user";

/** Values of every type, and containers of them. Made anew each time: a call may change them. */
const JUNK: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -0,
  () => -1,
  () => 1,
  () => 3,
  () => 1.5,
  () => NaN,
  () => Infinity,
  () => 2 ** 31,
  () => 2 ** 53,
  () => 1e300,
  () => 7n,
  () => "",
  () => "x",
  () => "\0",
  () => "f16",
  () => "constructor",
  () => "__proto__",
  () => "length",
  () => "file://elsewhere/x",
  () => "file:///a%2Fb",
  () => "http://[",
  () => "x".repeat(5000),
  () => Symbol("s"),
  () => () => undefined,
  () => () => {
    throw new TypeError(CALLBACK_ERROR);
  },
  () => ({}),
  () => Object.create(null) as unknown,
  () => ({ length: 3 }),
  () => ({ length: -1 }),
  () => ({ width: 2, height: 2 }),
  () => ({ width: 2, height: 2, data: new Float32Array(12) }),
  () => ({ toString: () => 5 }),
  () => ({ valueOf: () => Symbol("v") }),
  () => new Impostor(),
  () => [],
  () => [null],
  () => [undefined, 3],
  () => ["a", Symbol("b")],
  () => [1, 1, 1, 1],
  () => [-1, 0, 1, 2],
  () => [1e9, 1e9, 1e9, 1e9],
  () => [[1], [2]],
  () => new Array<unknown>(3),
  () => new Uint8Array(0),
  () => new Uint8Array(7),
  () => new Uint8ClampedArray(12),
  () => new Float32Array(2),
  () => new BigInt64Array(4),
  () => new ArrayBuffer(16),
  () => new SharedArrayBuffer(16),
  () => new DataView(new ArrayBuffer(16)),
  () => new Blob(["no picture"]),
  () => new Map([["a", 1]]),
  () => new Set([1]),
  () => new WeakMap(),
  () => new Date(NaN),
  () => /x/,
  () => new Error("an error of the user"),
  () => new URL("https://127.0.0.1:1/x"),
  () => new URL("file://elsewhere/x"),
  () => Promise.resolve(3),
  () => new AbortController().signal,
  () => pictures(),
  () => Object.freeze({ a: Object.freeze([]) }),
  () => new Proxy({}, {}),
];

/** A kernel is replaced as a whole: its parts are functions of whoever defines it. */
const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !("shaders" in value);

/** A copy of `value` with one part replaced by junk: the whole, an element, or a property at some depth. */
function damaged(value: unknown, random: () => number): unknown {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const deeper = random() < 0.7;
  if (deeper && Array.isArray(value) && value.length > 0) {
    const copy: unknown[] = [...(value as unknown[])];
    const at = Math.floor(random() * copy.length);
    copy[at] = damaged(copy[at], random);
    return copy;
  }
  if (deeper && isPlain(value) && Object.keys(value).length > 0) {
    const key = pick(Object.keys(value));
    return { ...value, [key]: damaged(value[key], random) };
  }
  return pick(JUNK)();
}

/** `count` lists of arguments of a call: the first ones try every junk value in every place. */
function wrongArguments({ args }: ApiCall, count: number, seed: number): unknown[][] {
  const random = seeded(seed);
  const places = args().length;
  return Array.from({ length: count }, (_, i) => {
    const given = [...args()];
    const systematic = i < places * JUNK.length;
    const at = systematic ? i % places : Math.floor(random() * places);
    given[at] = systematic ? JUNK[Math.floor(i / places)]?.() : damaged(given[at], random);
    if (!systematic && random() < 0.2) given.splice(Math.floor(random() * places)); // too few
    return given;
  });
}

/** What a value looks like in the report of a failure. */
function look(value: unknown, depth = 2): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "symbol" || typeof value === "function") return typeof value;
  if (typeof value !== "object" || value === null) return `${value as number}`;
  const name = Object.prototype.toString.call(value).slice(8, -1);
  if (depth === 0 || !(isPlain(value) || Array.isArray(value))) return name;
  return `{${Object.entries(value)
    .map(([key, part]) => `${key}: ${look(part, depth - 1)}`)
    .join(", ")}}`;
}

/** The calls whose outcome was neither a result nor an FcnError. */
export async function failuresOf(tried: ApiCall, count: number, seed: number): Promise<string[]> {
  const failures = new Map<string, string>();
  for (const given of wrongArguments(tried, count, seed)) {
    const before = given.map((value) => look(value)).join(", ");
    try {
      await tried.call(...(given as never[]));
    } catch (error) {
      const { name, message } = (error ?? {}) as Partial<Error>;
      if (name === "FcnError" || message === CALLBACK_ERROR) continue;
      const text = `${String(error)} ${(error as Error | undefined)?.stack?.split("\n").slice(1, 3).join("") ?? ""}`;
      if (!failures.has(text)) failures.set(text, `${tried.name}(${before}): ${text}`);
    }
  }
  return [...failures.values()];
}
