/** Worker threads that end while the GPU works: Dawn would end the whole process. */
import { expect, it } from "vitest";
import { useChild } from "./helpers/child.js";

const run = useChild();

/** A main thread that starts a worker with `source` and says how the worker ended and that it is alive itself. */
function mainThread(source: string, whenWorking = ""): string {
  const worker = `import { isMainThread, parentPort } from "node:worker_threads";
    import { loadFcn } from "./src/node.js";
    const fcn = await loadFcn();
    const picture = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 4) };
    ${source}`;
  return `import { Worker } from "node:worker_threads";
    import { writeFileSync } from "node:fs";
    const url = new URL("./worker.mjs", import.meta.url);
    writeFileSync(url, ${JSON.stringify(worker)});
    const worker = new Worker(url);
    let error = "no error";
    worker.on("error", (thrown) => { error = thrown.message; });
    worker.on("message", () => { ${whenWorking} });
    worker.on("exit", (code) => console.log(error + ", code " + code));
    process.on("exit", () => console.log("main ends"));`;
}

it("an uncaught error in a worker, while pictures are computed, ends the worker alone", async () => {
  const source = `for (let i = 0; i < 3; i++) void fcn.segment(picture);
    setTimeout(() => { throw new Error("a bug of the user"); }, 300);`;
  const { code, out, err } = await run(mainThread(source));
  expect(err).not.toContain("Promise not resolved");
  expect([code, out]).toEqual([0, "a bug of the user, code 1\nmain ends\n"]);
});

it.each([0, 1, 5, 30])("an uncaught error %d ms after the first call ends the worker alone", async (delay) => {
  const source = `void fcn.segment(picture);
    setTimeout(() => { throw new Error("early"); }, ${delay});`;
  const { code, out, err } = await run(mainThread(source));
  expect([code, out], err).toEqual([0, "early, code 1\nmain ends\n"]);
});

it("process.exit() in a worker ends the worker alone", async () => {
  const source = `void fcn.segment(picture);
    setTimeout(() => process.exit(3), 100);`;
  const { code, out, err } = await run(mainThread(source));
  expect([code, out], err).toEqual([0, "no error, code 3\nmain ends\n"]);
});

it("a worker that disposes of its model and closes its port ends by itself; its calls are answered", async () => {
  const source = `const call = fcn.segment(picture);
    parentPort.on("message", async () => {
      fcn.dispose();
      parentPort.close();
      console.log((await call).width);
    });
    parentPort.postMessage("working");`;
  const { code, out, err } = await run(mainThread(source, `worker.postMessage("end");`));
  expect([code, out], err).toEqual([0, "320\nno error, code 0\nmain ends\n"]);
});

it("terminate() is safe when the calls of the worker were answered", async () => {
  const source = `await fcn.segment(picture);
    setInterval(() => undefined, 1000);
    parentPort.postMessage("idle");`;
  const { code, out, err } = await run(mainThread(source, `void worker.terminate();`));
  expect([code, out], err).toEqual([0, "no error, code 1\nmain ends\n"]);
});

it("setImmediate keeps its promisified form in a worker", async () => {
  const source = `const { promisify } = await import("node:util");
    console.log(await promisify(setImmediate)("value"));
    fcn.dispose();`;
  const { code, out, err } = await run(mainThread(source));
  expect([code, out], err).toEqual([0, "value\nno error, code 0\nmain ends\n"]);
});
