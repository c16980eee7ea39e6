/**
 * Names of classes: from a checkpoint's metadata, from the caller, from `--class-names FILE`; hostile ones; and where
 * they appear: results, legends, JSON, reports.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readClassNames } from "../src/cli/class-names.js";
import { compare } from "../src/cli/compare.js";
import { importCommand, importFile } from "../src/cli/import.js";
import { inspect } from "../src/cli/inspect.js";
import { segment } from "../src/cli/segment.js";
import { plotName } from "../src/eval/plots/parts.js";
import { VOC_CLASSES, numberedNames } from "../src/image/palette.js";
import { classNamesOf } from "../src/models/class-names.js";
import { Comparison, fileSource, loadFcn, openCheckpoint, recognise } from "../src/node.js";
import { namesIn } from "../src/weights/classes-metadata.js";
import { edited } from "./helpers/checkpoints.js";
import { runCommand } from "./helpers/commands.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { withCheckpoint } from "./helpers/small-checkpoint.js";

const device = useDevice();
const folder = mkdtempSync(join(tmpdir(), "fcn-classes-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const written = (name: string, text: string | Uint8Array): string => {
  writeFileSync(at(name), text);
  return at(name);
};

const street = fileURLToPath(new URL("../samples/street.png", import.meta.url));
/** The network "icons" calls the street's classes background, bicycle, bus, car, person. */
const NAMES = VOC_CLASSES.map((name) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)} *`);
const FOUND = ["Background *", "Bicycle *", "Bus *", "Car *", "Person *"];

/** The shipped checkpoint with `classes` in its metadata. */
const checkpointWith = async (classes: string): Promise<string> =>
  written("with-classes.safetensors", await edited((tensors) => tensors, { classes }));

const withMetadata = (...entries: [string, string][]) => ({ name: "net.safetensors", metadata: new Map(entries) });

describe("metadata", () => {
  it("are a list with commas, a JSON array, or the name of a set", () => {
    expect(namesIn("sky, road ,tree")).toEqual(["sky", "road", "tree"]);
    expect(namesIn('["a, b", "c"]')).toEqual(["a, b", "c"]);
    expect(namesIn(" a,,b")).toEqual(["a", "class 1", "b"]);
    expect(namesIn('{"0": "sky", "1": "road, wide"}')).toEqual(["sky", "road, wide"]);
    expect(namesIn('{"1": "road", "0": "sky"}')).toEqual(["sky", "road"]);
    for (const wrong of ["('sky', 'road')", "{'0': 'sky'}", '{"1": "sky"}', '{"sky": "0"}', '{"0": 1}', "{}x"])
      expect(namesIn(wrong), wrong).toBeUndefined();
    for (const wrong of ["[1, 2]", '["a"', "[[]]", "[null]", "x,".repeat(40_000)])
      expect(namesIn(wrong)).toBeUndefined();
    expect(classNamesOf(withMetadata(["classes", "a,b"]), 2)).toEqual({ classNames: ["a", "b"] });
    expect(classNamesOf(withMetadata(["classes", "water"]), 1)).toEqual({ classNames: ["water"] });
    for (const set of ["pascal-voc-21", "21", ""])
      expect(classNamesOf(withMetadata(["classes", set]), 21)).toEqual({ classNames: VOC_CLASSES });
    expect(classNamesOf(withMetadata(), 3)).toEqual({ classNames: numberedNames(3) });
  });

  it("that do not fit leave classes with numbers, and a notice with both counts", () => {
    const twenty = VOC_CLASSES.slice(1).join();
    expect(classNamesOf(withMetadata(["classes", twenty]), 21)).toEqual({
      classNames: numberedNames(21),
      notice:
        "the metadata of net.safetensors name 20 classes, not 21, so they are called by " +
        "number; classNames (--class-names) names them",
    });
    const { notice } = classNamesOf(withMetadata(["classes", "[7]"]), 21);
    expect(classNamesOf(withMetadata(["classes", '["one"]']), 21)).toMatchObject({
      classNames: numberedNames(21),
      notice: expect.stringMatching(/name 1 classes, not 21/) as string,
    });
    expect(classNamesOf(withMetadata(["classes", "x,".repeat(40_000)]), 21).notice).toMatch(
      /have no list of classes in at most 65536 characters, but 80000, so they/,
    );
    expect(notice).toMatch(/^the metadata of net\.safetensors have no list of classes, so they are called by number;/);
    expect(classNamesOf(withMetadata(["classes", twenty]), 21, NAMES)).toEqual({ classNames: NAMES });
  });

  it("may be hostile: every name is a short line without control characters", () => {
    const nasty = ["\u001b[31mred", "a\nb", "\u202egnp", "x".repeat(5000), "\ud800", " ", "__proto__"];
    const cut = `${"x".repeat(100)}...`;
    const names = ["\\u001b[31mred", "a\\u000ab", "\\u202egnp", cut, "\\ud800", "class 5", "__proto__"];
    expect(namesIn(JSON.stringify(nasty))).toEqual(names);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (given) => {
        const found = namesIn(JSON.stringify(given)) ?? [];
        expect(found).toHaveLength(given.length);
        for (const name of found) expect(name).toMatch(/^[^\p{Cc}\u2028-\u202e\u2066-\u2069]{1,700}$/u);
        expect(namesIn(JSON.stringify(found.map((name) => name.slice(0, 90))))).toHaveLength(given.length);
      }),
    );
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void namesIn(text)));
  });
});

describe("networks", () => {
  it("have the names of the metadata, or the caller's", async () => {
    const weights = await checkpointWith(JSON.stringify(NAMES));
    const fcn = await loadFcn({ weights, device: device() });
    expect([fcn.classNames, fcn.notice]).toEqual([NAMES, undefined]);
    expect((await fcn.segment(street)).names).toEqual(FOUND);
    fcn.dispose();
    const given = await loadFcn({ weights, device: device(), classNames: numberedNames(21) });
    expect(given.classNames[7]).toBe("class 7");
    given.dispose();
  });

  it("say what is wrong with names", async () => {
    const weights = await checkpointWith("a,b");
    const fcn = await loadFcn({ weights, device: device() });
    expect([fcn.classNames, fcn.notice]).toEqual([numberedNames(21), expect.stringContaining("name 2 classes, not")]);
    fcn.dispose();
    const classNames = NAMES.map((name, i) => (i === 3 ? (3 as unknown as string) : name));
    const load = () => loadFcn({ weights, device: device(), classNames });
    await expectError(load, "bad-option", "classNames must be texts, number 3 is none");
  });

  it("that are compared have them, too", async () => {
    const { checkpoint } = recognise(await openCheckpoint(await fileSource(await checkpointWith(NAMES.join(",")))));
    const named = new Comparison(device(), checkpoint);
    expect([named.classNames, named.notice]).toEqual([NAMES, undefined]);
    named.dispose();
    const make = (classNames: string[]) => new Comparison(device(), checkpoint, { classNames });
    expect(make([...numberedNames(21)]).classNames).toEqual(numberedNames(21));
    const sentence = "classNames (--class-names) names 1 of 21 classes";
    await expectError(() => make(["a"]), "bad-option", sentence);
    await checkpoint.close();
  });
});

describe("--class-names", () => {
  it("reads one name a line", async () => {
    expect(await readClassNames("segment", written("a.txt", "\ufeffa\r\n b c \r\n\u0007\r\n\n\n"))).toEqual([
      "a",
      "b c",
      "\\u0007",
    ]);
    expect(await readClassNames("segment", undefined)).toBeUndefined();
  });

  it.each([
    ["a missing file", at("none.txt"), /^segment: --class-names \S+none\.txt: there is no such file$/],
    ["a folder", folder, /: it is a folder$/],
    ["other bytes", written("latin.txt", Uint8Array.of(99, 233, 10)), /latin\.txt: it is not UTF-8 text$/],
    ["an empty line", written("gap.txt", "a\n\nb\n"), /gap\.txt: line 2 is empty; every class needs a name$/],
    ["nothing", written("empty.txt", "\n"), /line 1 is empty/],
    ["too many names", written("many.txt", "a\n".repeat(257)), /it has 257 names; a network has 256 classes at most$/],
    ["a large file", written("large.txt", "a".repeat(2 ** 20 + 1)), /it has 1048577 bytes; a list of names has/],
  ])("refuses %s", async (_, file, sentence) => {
    const reading = readClassNames("segment", file);
    await expect(reading).rejects.toThrow(sentence);
    await expect(reading).rejects.toMatchObject({ name: "UsageError" });
  });

  it("names the classes of segment, for --classes, JSON and the legend", async () => {
    const file = written("names.txt", NAMES.join("\n"));
    const options = ["--weights", "icons", "--class-names", file, "--format", "json", "--out", folder];
    const { out } = await runCommand(segment, street, ...options, "--classes", "car *,Person *,2");
    expect(out).toMatch(/Background \* [\d.]+ %, Bicycle \* [\d.]+ %, Car \* [\d.]+ %, Person \* [\d.]+ %/);
    const document = JSON.parse(readFileSync(at("street.json"), "utf8")) as { classes: { name: string }[] };
    expect(document.classes.map(({ name }) => name)).toEqual(FOUND.filter((name) => name !== "Bus *"));
    const wrong = runCommand(segment, street, ...options, "--classes", "car");
    await expect(wrong).rejects.toThrow(/^segment: --classes car is not one of Background \*, Aeroplane \*, /);
    await expect(
      runCommand(segment, street, "--class-names", written("two.txt", "a\nb"), "--out", folder),
    ).rejects.toThrow("classNames (--class-names) names 2 of 21 classes");
  });

  it("names the classes of a comparison and its report; names that do not fit are a warning", async () => {
    const val = ["14", "15"].map((name) => fileURLToPath(new URL(`fixtures/val/${name}.png`, import.meta.url)));
    const options = ["--sizes", "none", "--variants", "fcn8s", "--json"];
    const file = written("names.txt", NAMES.join("\n"));
    const named = await runCommand(compare, ...val, "--class-names", file, "--out", at("named"), ...options);
    const { classes } = JSON.parse(named.out) as { classes: { class: number; name: string }[] };
    expect(classes).toEqual(NAMES.map((name, label) => ({ class: label, name })));
    expect(readFileSync(at("named/report.html"), "utf8")).toContain("Background *");
    const weights = await checkpointWith("a,b");
    const warned = await runCommand(compare, ...val, "--weights", weights, "--out", at("warned"), ...options);
    expect(warned.err).toContain("\nfcn: WARNING: the metadata of ");
    await expect(runCommand(compare, at("named"), "--merge", "--class-names", file)).rejects.toThrow(
      /--class-names is of/,
    );
  });

  it("are kept in the metadata of what import writes", async () => {
    const out = at("out.safetensors");
    const file = written("names.txt", NAMES.join("\n"));
    await runCommand(importCommand, "icons", "--class-names", file, "--out", out);
    const metadata = await withCheckpoint(out, ({ metadata: own }) => own.get("classes"));
    expect(JSON.parse(metadata ?? "")).toEqual(NAMES);
    const { out: text } = await runCommand(inspect, out);
    expect(text).toContain(`\nClasses: ${NAMES.join(", ")}\n`);
    const again = at("again.safetensors");
    await importFile(out, again); // keeps them
    expect((await runCommand(inspect, again)).out).toContain("\nClasses: Background *, ");
    const count = "classNames (--class-names) names 1 of 21 classes";
    await expectError(() => importFile(out, again, { classNames: ["a"] }), "bad-option", count);
    const bare = await edited((tensors) => tensors.filter(({ name }) => name.startsWith("backbone.")));
    await expectError(
      () => importFile(written("bare.safetensors", bare), again, { classNames: ["a"] }),
      "bad-option",
      /^import: --class-names names classes, and \S+bare\.safetensors has none: it has no head$/,
    );
  });

  it("does not fit what the file says: inspect warns", async () => {
    const { out } = await runCommand(inspect, await checkpointWith("a,b"));
    expect(out).toMatch(/\nClasses: class 0, class 1, .*\nWARNING: the metadata of \S+ name 2 classes, not /);
  });
});

describe("plots", () => {
  it("cut names to the room beside them", () => {
    expect(["diningtable", "baseball glove", "a chest of drawers", "\u6c34".repeat(9)].map(plotName)).toEqual([
      "diningtable",
      "baseball glove",
      "a chest of dra\u2026",
      `${"\u6c34".repeat(7)}\u2026`,
    ]);
  });
});
