/** Runs in Deno: answers each line of stdin, a method of KernelCases and its arguments in JSON, with a line of JSON. */
import { kernelCases } from "./kernel-cases.js";
import type { KernelCases } from "./kernel-cases.js";

/** A call of a method, as kernel-hosts.ts sends it. */
export type KernelCall = {
  [Method in keyof KernelCases]: readonly [Method, ...Parameters<KernelCases[Method]>];
}[keyof KernelCases];

interface DenoGlobal {
  readonly Deno: { readonly stdin: { readonly readable: ReadableStream<Uint8Array<ArrayBuffer>> } };
}

function answer(call: KernelCall): unknown {
  switch (call[0]) {
    case "open":
      return kernelCases.open();
    case "cover":
      return kernelCases.cover(call[1]);
    case "all":
      return kernelCases.all(call[1]);
    case "run":
      return kernelCases.run(call[1], call[2], call[3]);
  }
}

const { readable } = (globalThis as unknown as DenoGlobal).Deno.stdin;
let rest = "";
for await (const text of readable.pipeThrough(new TextDecoderStream()) as unknown as AsyncIterable<string>) {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) console.log(JSON.stringify(await answer(JSON.parse(line) as KernelCall)));
}
