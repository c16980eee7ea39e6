/** The installed package in Deno, on Deno's own WebGPU (wgpu): Node's labels, with few pipelines. */
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { loadFcn } from "../../src/node.js";
import { DENO_RUN, denoEnvironment, denoProgram } from "../helpers/deno.js";
import { useInstalled } from "../helpers/installed.js";
import { PHOTOGRAPH } from "../helpers/known-pictures.js";
import { READABLE_NAME, SOFTWARE_NAME } from "../helpers/kernel-hosts.js";
import { agreement, fixture } from "../helpers/reference-maps.js";
import { runProgram } from "../helpers/run-program.js";

const SCRIPT = `import { requestDevice } from "fcn-webgpu";
import { loadFcn } from "fcn-webgpu/node";
let pipelines = 0;
const { createComputePipelineAsync } = GPUDevice.prototype;
GPUDevice.prototype.createComputePipelineAsync = function (descriptor) {
  pipelines++;
  return createComputePipelineAsync.call(this, descriptor);
};
const fcn = await loadFcn({ device: await requestDevice(), variant: "fcn8s", resize: "none" });
const { labels } = await fcn.segment("photo.png");
const { label: adapter, software } = fcn.device;
console.log(JSON.stringify({ adapter, software, pipelines, labels: labels.toHex() }));
fcn.dispose();
`;

interface Printed {
  readonly adapter: string;
  readonly software: boolean;
  readonly pipelines: number;
  /** A byte for each pixel. */
  readonly labels: string;
}

const installed = useInstalled();
beforeAll(() => {
  installed().write("photo.png", fixture(PHOTOGRAPH.path));
  installed().write("segment.mjs", SCRIPT);
});

it("segments a photograph in Deno as Node does, and ends by itself", async () => {
  const { folder } = installed();
  const permissions = ["--allow-read", "--allow-env", "--allow-sys=homedir", "--no-prompt"];
  const options = { cwd: folder, env: denoEnvironment(join(folder, "cache")), timeoutMs: 300_000 };
  const { code, out, err } = await runProgram(denoProgram(), [...DENO_RUN, ...permissions, "segment.mjs"], options);
  expect([code, err]).toEqual([0, ""]);
  const { adapter, software, pipelines, labels } = JSON.parse(out) as Printed;
  expect([adapter, software]).toEqual([expect.stringMatching(READABLE_NAME), SOFTWARE_NAME.test(adapter)]);
  // A GPU has tiles of several sizes, and so more pipelines.
  expect(pipelines).toBeLessThanOrEqual(software ? 12 : 40);

  const fcn = await loadFcn({ variant: "fcn8s", resize: "none" });
  const expected = await fcn.segment(PHOTOGRAPH.picture);
  fcn.dispose();
  expect(agreement(Buffer.from(labels, "hex"), expected.labels)).toBeGreaterThanOrEqual(0.9995);
});
