/** Wrong arguments to fcn-webgpu/image: every call gives its result or an FcnError, never another error. */
import { describe, expect, it } from "vitest";
import * as image from "../../src/image/index.js";
import { failuresOf } from "../helpers/wrong-arguments.js";
import type { ApiCall } from "../helpers/wrong-arguments.js";

const SEED = 20261129;
const TRIES = 400;

const labels = (): Uint8Array => Uint8Array.from({ length: 64 }, (_, i) => (i % 3) * 7);
const picture = (): image.Picture => ({ width: 8, height: 8, data: new Uint8Array(256), channels: 4 });
const look = () => ({ opacity: 0.5, palette: image.vocPalette(), outline: true, base: "grey" });
const entry = () => ({ name: "a", colour: [1, 2, 3], share: 0.5 });
const row = () => ({
  title: "row",
  picture: picture(),
  truth: labels(),
  columns: [{ title: "a", caption: "b", labels: labels() }],
});
const names = () => ["background", "a"];

/** Arguments of every function; a new one must be added. */
const ARGUMENTS: Readonly<Record<string, () => readonly unknown[]>> = {
  classAreas: () => [labels(), 8, 8, 2],
  classColour: () => [3, image.vocPalette()],
  classMask: () => [labels(), [7, 14]],
  classPolygons: () => [labels(), 8, 8, [7], 2],
  colourMap: () => [labels(), 8, 8, image.vocPalette()],
  contactSheet: () => [[row()], { title: "t", subtitle: "s", classNames: names(), columnWidth: 40 }],
  isFcnError: () => [new Error("x"), "bad-image"],
  keepClasses: () => [labels(), [7]],
  labelPng: () => [labels(), 8, 8, image.vocPalette()],
  labelsNamed: () => ["a", names()],
  legendOf: () => [labels(), names(), image.vocPalette()],
  legendOverlay: () => [picture(), labels(), names(), look()],
  legendPicture: () => [[entry()], { width: 200, shares: true }],
  maskPng: () => [labels(), 8, 8],
  overlay: () => [picture(), labels(), look()],
  paletteOf: () => [["#000000", [1, 2, 3]]],
  readLabelPng: () => [new Uint8Array(9), "n"],
  vocPalette: () => [],
};

const isFunction = (value: unknown): boolean => typeof value === "function" && !/^class /.test(String(value));
const FUNCTIONS = Object.entries(image).filter(([, value]) => isFunction(value));
const CALLS: readonly ApiCall[] = FUNCTIONS.map(([name, call]) => ({
  name,
  args: ARGUMENTS[name] as ApiCall["args"],
  call: call as ApiCall["call"],
}));

const NO_FILE = ["readLabelPng"];

describe("wrong arguments", () => {
  it.each(CALLS.filter(({ name }) => !NO_FILE.includes(name)))("$name takes the right ones", async ({ args, call }) => {
    expect(await call(...(args() as never[]))).toBeDefined();
  });

  it("are tried with every function", () => {
    expect(CALLS.map(({ name }) => name).sort()).toEqual(Object.keys(ARGUMENTS).sort());
  });

  it.each(CALLS)("$name", async (call) => {
    expect(await failuresOf(call, call.args().length ? TRIES : 0, SEED)).toEqual([]);
  });
});
