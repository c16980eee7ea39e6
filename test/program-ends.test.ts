/** Programs that use the library end by themselves, with their own exit code, whatever they left open or undone. */
import { describe, expect, it } from "vitest";
import { useChild } from "./helpers/child.js";
import type { Ended } from "./helpers/child.js";
import { withoutDawnWarnings } from "./helpers/run-program.js";

const run = useChild();

const PICTURE = "const picture = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 4) };";
const BEGIN = `import { Tensor, loadFcn, requestDevice } from "./src/node.js";
  ${PICTURE}
  const fcn = await loadFcn();`;

/** Runs a script that disposes of nothing and never calls process.exit(), unless `source` does. */
async function end(source: string): Promise<Ended> {
  const ended = await run(`${BEGIN}\n${source}`);
  return { ...ended, err: withoutDawnWarnings(ended.err) };
}

describe("a script that disposes of nothing", () => {
  it("ends with code 0 after pictures, a stream it left, an abort, an error and a lost device", async () => {
    const source = `
      console.log((await fcn.segment(picture)).width);
      for await (const { width } of fcn.segmentAll([picture, picture, picture])) {
        console.log(width);
        break;
      }
      const controller = new AbortController();
      const call = fcn.segment(picture, { signal: controller.signal });
      controller.abort(new Error("left"));
      await call.catch(({ message }) => console.log(message));
      await fcn.segment({ ...picture, width: 3 }).catch(({ code }) => console.log(code));
      const device = await requestDevice();
      const tensor = await Tensor.from(device, [1], [1, 1, 1, 1]);
      console.log((await tensor.read()).join());
      fcn.device.gpu.destroy();
      await fcn.segment(picture).catch(({ code }) => console.log(code));`;
    const lines = ["320", "320", "left", "bad-image", "1", "device-lost", ""];
    expect(await end(source)).toEqual({ code: 0, out: lines.join("\n"), err: "" });
  });

  it("ends with code 0 once the call that nobody waits for is done", async () => {
    const source = `void fcn.segment(picture).then(({ width }) => console.log(width));`;
    expect(await end(source)).toEqual({ code: 0, out: "320\n", err: "" });
  });

  it("ends with the exit code that it sets", async () => {
    expect(await end("await fcn.segment(picture); process.exitCode = 7;")).toEqual({ code: 7, out: "", err: "" });
  });

  it("ends with code 1 and its error, where nothing catches it", async () => {
    const { code, err } = await end(`await fcn.segment("none.png");`);
    expect([code, err]).toEqual([1, expect.stringContaining("FcnError: none.png")]);
  });
});

/** Keeps the GPU busy, however fast it is, once it has its pipelines. */
const WORKING = `await fcn.segment(picture);
  const go = () => void fcn.segment(picture).then(go);
  for (let i = 0; i < 3; i++) go();`;

/** A script whose driver compiles while `ending` is done. Mesa does so on threads of its own. */
const compiling = (ending: string): string => `import { requestDevice } from "./src/node.js";
  const { gpu } = await requestDevice();
  for (let k = 0; k < 24; k++) {
    const code = \`@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        var a = vec4f(\${k});
        for (var i = 0u; i < 100u; i++) { for (var j = 0u; j < 10u; j++) { a = a * y[i] + y[j * i]; } }
        y[id.x] = a;
      }\`;
    const module = gpu.createShaderModule({ code });
    gpu.createComputePipelineAsync({ layout: "auto", compute: { module } }).catch(() => undefined);
  }
  setTimeout(() => { ${ending} }, 0);`;

describe("while the GPU works", () => {
  it("an uncaught error ends a script with code 1", async () => {
    const source = `${WORKING}
      setTimeout(() => { throw new Error("a bug of the user"); }, 30);`;
    const { code, err } = await end(source);
    expect([code, err]).toEqual([1, expect.stringContaining("a bug of the user")]);
  });

  it("process.exit() ends a script with its code", async () => {
    const source = `${WORKING}
      setTimeout(() => process.exit(3), 30);`;
    expect(await end(source)).toEqual({ code: 3, out: "", err: "" });
  });

  // Without the guard, 4 of 10 such processes ended with SIGSEGV.
  it("process.exit() ends a script with its code, while the driver compiles", async () => {
    const ended = await Promise.all([1, 2, 3, 4, 5].map(() => run(compiling("process.exit(3);"))));
    expect(ended.map(({ code }) => code)).toEqual([3, 3, 3, 3, 3]);
  });

  it("an uncaught error ends a script with code 1, while the driver compiles", async () => {
    const { code, err } = await run(compiling('throw new Error("a bug of the user");'));
    expect([code, err]).toEqual([1, expect.stringContaining("a bug of the user")]);
  });
});

/** A main thread that starts a worker with `source` and says how both end. */
const withWorker = (source: string): string => `
  import { Worker } from "node:worker_threads";
  import { writeFileSync } from "node:fs";
  const url = new URL("./worker-${source.length}.mjs", import.meta.url);
  writeFileSync(url, ${JSON.stringify(`${BEGIN}\n${source}`)});
  const worker = new Worker(url);
  worker.on("message", (message) => console.log(message));
  worker.on("error", ({ message }) => console.log(message));
  worker.on("exit", (code) => console.log("worker", code));
  process.on("exit", (code) => console.log("main", code));`;

describe("a worker thread that disposes of nothing", () => {
  it("ends by itself with code 0, and the program after it", async () => {
    const source = `const { parentPort } = await import("node:worker_threads");
      parentPort.postMessage((await fcn.segment(picture)).width);
      void fcn.segment(picture);`;
    const { code, out } = await run(withWorker(source));
    expect([code, out]).toEqual([0, "320\nworker 0\nmain 0\n"]);
  });

  it("ends with code 1 after an error that nothing catches, and the program goes on", async () => {
    const { code, out } = await run(withWorker(`await fcn.segment({ ...picture, width: 3 });`));
    expect([code, out]).toEqual([0, expect.stringMatching(/^picture: 3 x 240 needs .*\nworker 1\nmain 0\n$/)]);
  });
});
