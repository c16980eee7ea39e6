/** fcn.profile: every kernel call of a picture with its GPU time. */
import { expect, it } from "vitest";
import type { Device } from "../src/gpu/device.js";
import { loadFcn, requestDevice } from "../src/node.js";
import { StageTimer } from "../src/plan/stages/stage-timer.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();

it("names every layer of ResNet-101 once, with times, flops and the variant that ran", async () => {
  const fcn = await loadFcn({ weights: "icons", device: device(), variant: "fcn8s" });
  const layers = await fcn.profile({ width: 96, height: 64, data: new Uint8Array(96 * 64 * 4).fill(90) });
  const convs = layers?.filter(({ kernel }) => kernel === "conv2d") ?? [];
  expect(convs).toHaveLength(104); // 1 + 33 blocks of 3 + 4 projections
  expect(new Set(layers?.map(({ layer }) => layer)).size).toBe(layers?.length);
  expect(convs.map(({ layer }) => layer)).toContain("backbone.layer3.22.conv2");
  expect(layers?.every(({ ms, flops, bytes }) => ms >= 0 && flops >= 0 && bytes > 0)).toBe(true);
  expect(layers?.reduce((sum, { ms }) => sum + ms, 0)).toBeGreaterThan(0);
  expect(layers?.find(({ layer }) => layer === "backbone.conv1")?.shape).toEqual([1, 16, 32, 48]);
  fcn.dispose();
});

it("counts a pass from the end of the one before, whatever its own stamp says", () => {
  const gpu = { createQuerySet: () => ({}) };
  const stamps = BigInt64Array.of(0n, 2_000_000n, 1_000_000n, 5_000_000n, 6_000_000n, 7_000_000n, 9n, 8n);
  const buffer = () => ({ getMappedRange: () => stamps.buffer, unmap: () => undefined });
  const fake = { features: new Set(["timestamp-query"]), gpu, allocations: { buffer } } as unknown as Device;
  const timer = StageTimer.create(fake, ["a", "b", "a", "c"], []);
  expect([...(timer?.read() ?? [])]).toEqual([
    ["a", 3],
    ["b", 3],
    ["c", 0],
  ]);
});

it("is undefined where the device has no timestamps", async () => {
  const own = await requestDevice();
  Object.defineProperty(own, "features", { value: new Set([...own.features].filter((f) => f !== "timestamp-query")) });
  const fcn = await loadFcn({ device: own, variant: "fcn32s" });
  expect(await fcn.profile({ width: 32, height: 32, data: new Uint8Array(32 * 32 * 4) })).toBeUndefined();
  fcn.dispose();
  own.dispose();
});
