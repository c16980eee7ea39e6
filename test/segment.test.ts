/**
 * `fcn segment` on folders, formats, classes, probabilities and streams: as a shell sees it, and its parts. Runs the
 * build.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeNpy } from "../src/cli/npy.js";
import { overlapped } from "../src/cli/overlap.js";
import { outputNames, refuseToReplace } from "../src/cli/segment-names.js";
import { chosenClasses, confidenceOf, keepClasses } from "../src/cli/segment-output.js";
import { VOC_CLASSES } from "../src/image/palette.js";
import { decodeLabelPng, decodePng } from "../src/image/png.js";
import { classAreas } from "../src/image/regions.js";

const main = fileURLToPath(new URL("../dist/src/cli/main.js", import.meta.url));
const val = (name: string): string => fileURLToPath(new URL(`fixtures/val/${name}`, import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-segment-"));
const at = (...parts: string[]): string => join(root, ...parts);
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function segment(args: readonly string[], input?: Buffer): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "segment", ...args], {
    timeout: 100_000,
    maxBuffer: 1 << 28,
    ...(input && { input }),
  });
  // Dawn prints two warnings of its own on some drivers.
  return { status, stdout, stderr: stderr.toString().replace(/^Warning: maxDynamic.*\n/gm, "") };
}

interface Document {
  readonly image: string;
  readonly classes: readonly {
    readonly class: number;
    readonly name: string;
    readonly pixels: number;
    readonly share: number;
    readonly box: readonly number[];
    readonly regions?: readonly unknown[];
    readonly confidence?: number;
  }[];
}
const documentIn = (path: string): Document => JSON.parse(readFileSync(path, "utf8")) as Document;
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) =>
      join(e.parentPath, e.name)
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
    )
    .sort();

beforeAll(async () => {
  for (const folder of ["set/a", "set/b"]) mkdirSync(at(folder), { recursive: true });
  copyFileSync(val("15.png"), at("set/a/one.png"));
  await sharp(val("14.png")).jpeg({ quality: 95 }).toFile(at("set/a/one.jpg"));
  await sharp(val("15.png")).webp({ lossless: true }).toFile(at("set/b/one.webp"));
  const jpeg = await sharp(val("14.png")).jpeg().toBuffer();
  writeFileSync(at("set/b/broken.jpg"), jpeg.subarray(0, jpeg.length >> 1));
});

describe("fcn segment", () => {
  it("takes folders and patterns of PNG, JPEG and WebP, does what can be done, and keeps every result apart", () => {
    const out = at("folders");
    const { status, stdout, stderr } = segment([
      at("set/a"),
      at("set/**/*.{jpg,webp}"),
      "--format",
      "labels,mask,json",
      "--out",
      out,
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^fcn: .*broken\.jpg: the JPEG is damaged or cut off .*\nfcn: segment: 1 of 4 pictures failed\n$/,
    );
    expect(stdout.toString().match(/ {2}-> /g)).toHaveLength(3);
    const names = ["a/one.jpg", "a/one.png", "b/one"];
    expect(filesIn(out)).toEqual(
      names.flatMap((name) => [`${name}.json`, `${name}.labels.png`, `${name}.mask.png`]).sort(),
    );
    // Lossless WebP is the same picture, so the same labels.
    const [png, webp, jpeg] = ["a/one.png", "b/one", "a/one.jpg"].map((name) =>
      decodeLabelPng(readFileSync(join(out, `${name}.labels.png`))),
    );
    expect(webp).toEqual(png);
    expect([jpeg?.width, jpeg?.height]).toEqual([224, 224]);
    const { labels, width, height } = decodeLabelPng(readFileSync(join(out, "a/one.png.labels.png")));
    const mask = decodeLabelPng(readFileSync(join(out, "a/one.png.mask.png")));
    expect(mask.labels).toEqual(labels.map((label) => (label ? 255 : 0)));
    const { image, classes } = documentIn(join(out, "a/one.png.json"));
    expect(image).toBe(at("set/a/one.png"));
    for (const found of classes) {
      const own = [...labels.keys()].filter((i) => labels[i] === found.class);
      const [xs, ys] = [own.map((i) => i % width), own.map((i) => Math.floor(i / width))];
      const [left, top] = [Math.min(...xs), Math.min(...ys)];
      expect(found).toMatchObject({
        name: VOC_CLASSES[found.class],
        pixels: own.length,
        box: [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1],
      });
      expect(found.share).toBeCloseTo(own.length / (width * height), 5);
    }
    expect(classes.reduce((sum, c) => sum + c.pixels, 0)).toBe(width * height);
  });

  it("writes probabilities that numpy reads, their mean into the JSON, and makes other classes background", () => {
    const out = at("classes");
    const whole = segment([val("14.png"), "--format", "labels,json", "--probabilities", "--out", out]);
    expect([whole.status, whole.stderr]).toEqual([0, ""]);
    expect(filesIn(out)).toEqual(["14.confidence.png", "14.json", "14.labels.png", "14.probabilities.npy"]);
    const { labels } = decodeLabelPng(readFileSync(join(out, "14.labels.png")));
    const pixels = 224 * 224;
    const npy = readFileSync(join(out, "14.probabilities.npy"));
    expect(npy.toString("latin1", 10, 80)).toContain("'shape': (21, 224, 224)");
    const start = npy.length - 21 * pixels * 4;
    expect([start % 64, npy[start - 1]]).toEqual([0, 10]);
    const values = new Float32Array(npy.buffer.slice(npy.byteOffset + start, npy.byteOffset + npy.length));
    const confidence = [...labels].map((label, i) => values[label * pixels + i] ?? NaN);
    // The label is the most probable class, and probabilities add up to 1.
    for (let i = 0; i < pixels; i += 97) {
      const own = Array.from({ length: 21 }, (_, c) => values[c * pixels + i] ?? NaN);
      expect(confidence[i]).toBeCloseTo(Math.max(...own), 5);
      expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    }
    const grey = decodePng(readFileSync(join(out, "14.confidence.png"))).data.filter((_, i) => i % 4 === 0);
    expect([...grey]).toEqual(confidence.map((p) => Math.round(255 * p)));
    const { classes } = documentIn(join(out, "14.json"));
    for (const { class: label, confidence: mean } of classes) {
      const own = confidence.filter((_, i) => labels[i] === label);
      expect(mean).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 3);
    }

    const largest = classes.filter((c) => c.class !== 0).sort((a, b) => b.pixels - a.pixels)[0];
    if (!largest) throw new Error("nothing but background in 14.png");
    const some = segment([
      val("14.png"),
      "--format",
      "labels,mask,json",
      "--classes",
      ` ${largest.name.toUpperCase()},aeroplane`,
      "--out",
      at("some"),
    ]);
    expect([some.status, some.stderr]).toEqual([0, ""]);
    expect(decodeLabelPng(readFileSync(at("some/14.labels.png"))).labels).toEqual(
      labels.map((label) => (label === largest.class || label === 1 ? label : 0)),
    );
    expect(documentIn(at("some/14.json")).classes.map((c) => c.name)).toEqual(["background", largest.name]);
  });

  it("reads stdin and writes stdout, and nothing else there", () => {
    const picture = readFileSync(val("15.png"));
    const labels = segment(["-", "-o", "-"], picture);
    expect([labels.status, labels.stderr]).toEqual([0, ""]);
    const map = decodeLabelPng(labels.stdout);
    expect([map.width, map.height]).toEqual([131, 97]);
    const json = segment(["-", val("15.png"), "--format", "json", "--out", "-"], picture);
    const lines = json.stdout
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Document);
    expect(lines.map((line) => line.image)).toEqual(["stdin", val("15.png")]);
    expect(lines[0]?.classes).toEqual(lines[1]?.classes);
    expect(lines[0]?.classes.reduce((sum, c) => sum + c.pixels, 0)).toBe(131 * 97);
    const text = segment(["-", "-o", "-"], Buffer.from("not a picture"));
    expect([text.status, text.stdout.length, text.stderr]).toEqual([
      1,
      0,
      expect.stringMatching(/^fcn: stdin: it is no PNG .*\n$/),
    ]);
  });

  it("refuses to write a result over a picture", () => {
    copyFileSync(val("15.png"), at("set/cat.png"));
    copyFileSync(val("15.label.png"), at("set/cat.labels.png"));
    const { status, stderr } = segment([at("set/cat.png"), at("set/cat.labels.png"), "--out", at("set")]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^fcn: segment: the picture .*cat\.labels\.png would be replaced by a result of that name; .*--out\n$/,
      ),
    ]);
  });
});

describe("names of results", () => {
  const slashes = (names: readonly string[]): string[] => names.map((name) => name.split(sep).join("/"));

  it.each([
    [
      ["p/cat.jpg", "p/dog.png"],
      ["cat", "dog"],
    ],
    [
      ["p/cat.jpg", "q/deep/dog.png"],
      ["cat", "dog"],
    ],
    [
      ["p/a/cat.jpg", "p/b/cat.jpg", "p/dog.png"],
      ["a/cat", "b/cat", "dog"],
    ],
    [
      ["p/cat.jpg", "p/Cat.png", "p/dog.png"],
      ["cat.jpg", "Cat.png", "dog"],
    ],
    [
      ["p/cat.jpg", "p/cat.png", "q/cat.png"],
      ["p/cat.jpg", "p/cat.png", "q/cat"],
    ],
    [
      ["p/cat.jpg", "p/cat.png", "p/cat.jpg.png"],
      ["cat.jpg", "cat.png", "cat.jpg.png"],
    ],
  ])("%j are %j", (pictures, names) => {
    expect(slashes(outputNames(pictures))).toEqual(names);
  });

  it("are never the same for two pictures", () => {
    const name = fc.stringMatching(/^[abA]{1,2}(\.[ab])?$/);
    const path = fc
      .tuple(fc.constantFrom("p", "p/q", "r"), name, fc.constantFrom(".png", ".jpg"))
      .map((parts) => `${parts[0]}/${parts[1]}${parts[2]}`);
    fc.assert(
      fc.property(
        fc.uniqueArray(path, { selector: (p) => p.toLowerCase(), minLength: 1, maxLength: 8 }),
        (pictures) => {
          expect(new Set(outputNames(pictures).map((n) => n.toLowerCase())).size).toBe(pictures.length);
        },
      ),
    );
  });

  it("may not be a picture's", () => {
    expect(() => refuseToReplace("segment", ["p/a.png"], ["p/../p/A.png"])).toThrow("would be replaced");
    refuseToReplace("segment", ["p/a.png"], ["out/a.png"]);
  });
});

describe("parts", () => {
  it("regions are connected, complete and boxed tightly", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.nat(2)),
        (width, height, stream) => {
          const labels = Uint8Array.from({ length: width * height }, () => stream.next().value as number);
          // Plain reference: labels of components spread until nothing changes.
          const group = [...labels.keys()];
          for (let changed = true; changed;) {
            changed = false;
            for (const i of group.keys()) {
              for (const j of group.keys()) {
                const near =
                  Math.abs((i % width) - (j % width)) <= 1 &&
                  Math.abs(Math.floor(i / width) - Math.floor(j / width)) <= 1;
                if (!near || labels[i] !== labels[j] || (group[j] ?? 0) >= (group[i] ?? 0)) continue;
                group[i] = group[j] ?? 0;
                changed = true;
              }
            }
          }
          const boxed = (own: number[]): { pixels: number; box: number[] } => {
            const [xs, ys] = [own.map((i) => i % width), own.map((i) => Math.floor(i / width))];
            const [x, y] = [Math.min(...xs), Math.min(...ys)];
            return { pixels: own.length, box: [x, y, Math.max(...xs) - x + 1, Math.max(...ys) - y + 1] };
          };
          const where = (test: (i: number) => boolean): number[] => [...labels.keys()].filter(test);
          const want = [...new Set(labels)].sort().map((label) => {
            const groups = label === 0 ? [] : [...new Set(where((i) => labels[i] === label).map((i) => group[i] ?? 0))];
            return {
              label,
              ...boxed(where((i) => labels[i] === label)),
              regions: groups.map((g) => boxed(where((i) => group[i] === g))).sort((a, b) => b.pixels - a.pixels),
            };
          });
          expect(classAreas(labels, width, height)).toEqual(want);
        },
      ),
      { numRuns: 60 },
    );
    expect(classAreas(Uint8Array.of(1, 0, 1, 1), 4, 1, 2)[1]?.regions).toEqual([{ pixels: 2, box: [2, 0, 2, 1] }]);
    expect(() => classAreas(new Uint8Array(5), 2, 3)).toThrow("2 x 3 needs 6 labels, got 5");
  });

  it("classes are found by name in any case or by number; what is left out counts as background", () => {
    expect([...chosenClasses("Person, dog,3", VOC_CLASSES)]).toEqual([15, 12, 3]);
    for (const wrong of ["21", "", "-1", "person;dog"])
      expect(() => chosenClasses(wrong, VOC_CLASSES)).toThrow("is not one of background, aeroplane");
    const { labels, mask, areas } = keepClasses(Uint8Array.of(0, 1, 2, 2), { width: 4, height: 1 }, new Set([2]));
    expect([[...labels], [...mask], areas.map((a) => a.pixels)]).toEqual([
      [0, 0, 2, 2],
      [0, 0, 255, 255],
      [2, 2],
    ]);
    const probabilities = {
      shape: [1, 3, 1, 2] as const,
      data: Float32Array.of(0.5, 0.125, 0.25, 0.125, 0.25, 0.75),
      timings: { upload: 0, encode: 0, gpu: 0, readback: 0, compile: 0, total: 0 },
    };
    expect([...confidenceOf(probabilities, Uint8Array.of(0, 2), new Set([2]))]).toEqual([0.75, 0.75]);
    expect([...confidenceOf(probabilities, Uint8Array.of(0, 2), undefined)]).toEqual([0.5, 0.75]);
  });

  it("an array of one dimension is a tuple of one in NumPy's header", () => {
    expect(Buffer.from(encodeNpy(Float32Array.of(1), [1])).toString("latin1", 0, 128)).toContain("'shape': (1,), }");
  });

  it("work is done in order, the next loaded and the last finished while one runs, and failures are counted", async () => {
    const seen: string[] = [];
    let running = 0;
    await overlapped([0, 1, 2, 3, 4, 5], {
      load: async (i) => {
        seen.push(`load ${i}`);
        if (i === 1) throw new Error("load");
        return i;
      },
      run: async (i) => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        seen.push(`run ${i}`);
        if (i === 3) throw new Error("run");
        return i * 10;
      },
      finish: async (i, _, result) => {
        seen.push(`finish ${i} ${result}`);
        if (i === 4) throw new Error("finish");
      },
      fail: async (i, error) => void seen.push(`fail ${i} ${String(error)}`),
    });
    expect(seen.filter((s) => /^f/.test(s))).toEqual([
      "finish 0 0",
      "fail 1 Error: load",
      "finish 2 20",
      "fail 3 Error: run",
      "finish 4 40",
      "fail 4 Error: finish",
      "finish 5 50",
    ]);
    expect(seen.indexOf("load 4")).toBeLessThan(seen.indexOf("run 2"));
    expect(seen.indexOf("finish 4 40")).toBeLessThan(seen.indexOf("run 5"));
    await expect(
      overlapped([1, 2], {
        load: async (i) => i,
        run: async (i) => i,
        finish: async () => undefined,
        fail: async () => undefined,
        stopped: () => true,
      }),
    ).resolves.toBeUndefined();
    const fatal = overlapped([1, 2], {
      load: async (i) => i,
      run: async () => Promise.reject(new Error("lost")),
      finish: async () => undefined,
      fail: async (_, error) => Promise.reject(error as Error),
    });
    await expect(fatal).rejects.toThrow("lost");
  });
});
