/** schemas/output.schema.json describes what the commands really write. Runs the build. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { afterAll, describe, expect, it } from "vitest";
import { fcn, jsonLines, runFcn } from "./helpers/fcn.js";
import { fixturePath } from "./weights/fixtures.js";

interface Schema {
  readonly definitions: Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>>;
}
const schema = JSON.parse(readFileSync(new URL("../schemas/output.schema.json", import.meta.url), "utf8")) as Schema;
const ajv = new Ajv({ allErrors: true });
ajv.addSchema(schema, "output");

/** What is wrong with the value; empty for one that fits. */
function faults(definition: string, value: unknown): string[] {
  const isValid = ajv.validate(`output#/definitions/${definition}`, value);
  return isValid ? [] : (ajv.errors ?? []).map(({ dataPath, message }) => `${dataPath} ${message ?? ""}`);
}

const folder = mkdtempSync(join(tmpdir(), "fcn-schema-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const val = (name: string): string => fileURLToPath(new URL(`fixtures/val/${name}.png`, import.meta.url));
const jsonOf = async (...args: string[]): Promise<unknown> => JSON.parse((await fcn(...args)).out) as unknown;

describe("real outputs", () => {
  it.each([
    ["lines of segment", ["--json"]],
    ["lines of segment with confidence", ["--json", "--probabilities", "--tile", "96"]],
  ])("%s", async (_, options) => {
    const { out } = await fcn("segment", val("14"), val("15"), ...options, "--out", folder);
    const lines = jsonLines(out);
    expect(lines.flatMap((line) => faults("segmentLine", line))).toEqual([]);
    expect(lines).toHaveLength(2);
  });

  it("lines of segment, of its results and of a merge, also of a picture that failed", async () => {
    writeFileSync(at("broken.png"), "no PNG");
    const { out } = await fcn(
      "segment",
      val("15"),
      at("broken.png"),
      "--json",
      "--shard",
      "1/1",
      "--out",
      at("shards"),
    );
    expect(jsonLines(out).flatMap((line) => faults("segmentLine", line))).toEqual([]);
    expect(jsonLines(out)).toContainEqual({
      image: at("broken.png"),
      error: { code: "bad-image", message: expect.stringContaining("it is not a PNG") as string },
    });
    const results = jsonLines(readFileSync(at("shards/shards/1-of-1/results.jsonl"), "utf8"));
    expect([results.length, results.flatMap((line) => faults("segmentResult", line))]).toEqual([4, []]);
    expect(faults("segmentMerge", await jsonOf("segment", "--merge", at("shards"), "--json"))).toEqual([]);
    expect(faults("status", await jsonOf("status", at("shards"), "--json"))).toEqual([]);
    await fcn("segment", val("15"), "--classes", "dog", "--resume", "--out", at("whole"));
    expect(faults("segmentMerge", await jsonOf("segment", "--merge", at("whole"), "--json"))).toEqual([]);
    const merged = jsonLines(readFileSync(at("whole/merged.jsonl"), "utf8"));
    expect([merged.length, merged.flatMap((line) => faults("segmentMerged", line))]).toEqual([2, []]);
  });

  it("files of segment", async () => {
    await fcn("segment", val("14"), "--format", "json", "--probabilities", "--out", folder);
    expect(faults("segmentFile", JSON.parse(readFileSync(at("14.json"), "utf8")))).toEqual([]);
  });

  it.each(["icons", fixturePath("state_dict.pth")])("inspect %s", async (file) => {
    expect(faults("inspect", await jsonOf("inspect", file, "--json"))).toEqual([]);
  });

  it.each([
    ["weights", ["weights", "--json"]],
    ["import", ["import", "icons", "--out", at("icons.safetensors"), "--json"]],
    ["doctor", ["doctor", "--json"]],
    ["bench", ["bench", "kernels", "--filter", "leaky-relu", "--json", "--quiet"]],
    ["compare", ["compare", val("15"), "--sizes", "none", "--out", at("compare"), "--json"]],
    ["train", ["train", val("14"), val("15"), "--epochs", "1", "--variations", "1", "--out", at("train"), "--json"]],
  ])("%s", async (definition, args) => {
    expect(faults(definition, await jsonOf(...args))).toEqual([]);
  });

  it("doctor without an adapter", async () => {
    const env = { VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" };
    expect(faults("doctor", JSON.parse((await runFcn(["doctor", "--json"], { env })).out))).toEqual([]);
  });
});

describe("the schema", () => {
  it("refuses other forms", () => {
    expect(faults("namedClass", { class: 0, name: "background" })).toEqual([]);
    expect(faults("namedClass", { class: 0 })).not.toEqual([]);
    expect(faults("foundClass", { class: 0, name: "background", pixels: 1, share: 1.5, box: [0, 0, 1] })).toHaveLength(
      2,
    );
    expect(faults("segmentLine", { image: "a.png", classes: [0, 3] })).not.toEqual([]);
  });

  it("has one form for classes: lists of objects with class and name", () => {
    const found = JSON.stringify(schema, (key, value: unknown) =>
      key === "classes" ? JSON.stringify(value) : value,
    ).match(/"classes":"(\\.|[^"])*"/g);
    const lists = found?.filter((text) => /#\/definitions\/(named|found)Class/.test(text));
    expect([lists?.length, lists]).toEqual([8, found]);
    const { namedClass, foundClass } = schema.definitions;
    expect(foundClass?.properties).toMatchObject(namedClass?.properties ?? {});
  });
});
