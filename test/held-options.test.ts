/** Options are as they were at the call: callers use their arrays again. Names that a model gives cannot be changed. */
import { expect, it } from "vitest";
import { Comparison, createFcn, loadFcn, openCheckpoint, openSource } from "../src/node.js";
import type { Preprocessing } from "../src/node.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();
const PICTURE = { width: 33, height: 20, data: Uint8Array.from({ length: 33 * 20 }, (_, i) => (i * 7) % 256) };
const numbered = (): string[] => Array.from({ length: 21 }, (_, i) => `own ${i}`);
const preprocessing = () => ({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] }) as const satisfies Preprocessing;

function spoil(values: readonly (string | number)[]): void {
  (values as (string | number)[]).fill(typeof values[0] === "string" ? "spoilt" : 1e-3);
}

it("of loadFcn", async () => {
  const options = { device: device(), weights: "icons", variant: "fcn32s" } as const;
  const expected = await loadFcn({ ...options, preprocessing: preprocessing() });
  const [classNames, own] = [numbered(), preprocessing()];
  const loading = loadFcn({ ...options, classNames, preprocessing: own });
  [classNames, own.mean, own.std].forEach(spoil);
  const fcn = await loading;
  expect(fcn.classNames).toEqual(numbered());
  expect((await fcn.logits(PICTURE)).data).toEqual((await expected.logits(PICTURE)).data);
  for (const model of [fcn, expected]) model.dispose();
});

it("of setHeads", async () => {
  const weight = { shape: [2, 512, 1, 1], data: new Float32Array(1024) };
  const heads = { fcn32s: { "score32.weight": weight, "score32.bias": { shape: [2], data: Float32Array.of(0, 1) } } };
  const fcn = await createFcn({ device: device(), backbone: "icons", heads });
  const options = { classNames: ["field", "road"] };
  const replaced = fcn.setHeads(heads, options);
  spoil(options.classNames);
  options.classNames = [];
  await replaced;
  expect(fcn.classNames).toEqual(["field", "road"]);
  fcn.dispose();
});

it("of a comparison", async () => {
  const checkpoint = await openCheckpoint(await openSource("icons"));
  const [classNames, variants] = [numbered(), ["fcn32s"] as "fcn32s"[]];
  const comparison = new Comparison(device(), checkpoint, { classNames, variants });
  [classNames, variants].forEach(spoil);
  expect([comparison.variants, comparison.classNames]).toEqual([["fcn32s"], numbered()]);
  comparison.dispose();
  await checkpoint.close();
});

it("names of classes that are sorted in place say so, and stay", async () => {
  const fcn = await loadFcn({ device: device(), weights: "icons" });
  const names = [...fcn.classNames];
  expect(() => (fcn.classNames as string[]).sort()).toThrow(TypeError);
  expect(fcn.classNames).toEqual(names);
  fcn.dispose();
});
