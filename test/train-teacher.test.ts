/** `fcn train --teacher` as a user runs it: wrong calls, what is measured with what, resume. Runs the build. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paperFcnTensors } from "../bench/hashed-weights.js";
import { fcn } from "./helpers/fcn.js";
import { writeHalves } from "./helpers/half-pictures.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { withCheckpoint } from "./helpers/small-checkpoint.js";
import { bytesOfTraining, killAfter, logOfTraining } from "./helpers/training-runs.js";

const VAL = fileURLToPath(new URL("fixtures/val", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-teacher-"));
const at = (...parts: string[]): string => join(root, ...parts);
const PICTURES = ["00", "01", "04", "12", "13", "14"];
const LABELLED = ["02", "03"];

/** A network of width 4 with this many classes, or its backbone alone. */
async function writeNetwork(name: string, classes: number, isBare = false): Promise<void> {
  const tensors = paperFcnTensors(classes, 4, 18);
  const kept = isBare ? tensors.filter((tensor) => tensor.name.startsWith("backbone.")) : tensors;
  writeFileSync(at(name), await hashedFile(kept));
}

function writeVoc(): void {
  const names = [...PICTURES, ...LABELLED];
  writeHalves(at("voc/JPEGImages"), names, LABELLED);
  mkdirSync(at("voc/SegmentationClass"));
  for (const name of LABELLED)
    renameSync(at("voc/JPEGImages", `${name}.label.png`), at("voc/SegmentationClass", `${name}.png`));
  mkdirSync(at("voc/ImageSets/Segmentation"), { recursive: true });
  const list = (split: string, ids: readonly string[]) =>
    writeFileSync(at("voc/ImageSets/Segmentation", `${split}.txt`), `${ids.join("\n")}\n`);
  list("train", PICTURES.slice(0, 3));
  list("bare", PICTURES.slice(3));
  list("val", LABELLED);
}

beforeAll(async () => {
  writeHalves(at("bare"), PICTURES, []);
  mkdirSync(at("large"));
  for (const name of PICTURES) copyFileSync(join(VAL, `${name}.png`), at("large", `${name}.png`));
  writeHalves(at("some"), [...PICTURES, ...LABELLED], LABELLED);
  writeHalves(at("val"), LABELLED);
  writeVoc();
  await writeNetwork("small.safetensors", 21);
  await writeNetwork("five.safetensors", 5);
  await writeNetwork("one.safetensors", 1);
  await writeNetwork("backbone.safetensors", 21, true);
  writeFileSync(at("five.txt"), "a\nb\nc\nd\ne\n");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A small network learns from itself: that is fast, and what is said of the pictures does not matter. */
const NETWORK = ["--weights", "@small.safetensors", "--teacher", "@small.safetensors"];
const SHORT = ["--epochs", "2", "--variations", "1", "--batch", "3"];
/** Words with a file of this test in the place of @NAME. */
const placed = (words: readonly string[]): string[] =>
  words.map((word) => word.replace(/^@(.*)/, (_, name: string) => at(name)));
const train = (out: string, ...words: string[]) => fcn("train", ...placed(words), "--out", at(out));

describe("called wrongly", () => {
  it.each([
    ["@bare --teacher @none.safetensors", "train: --teacher: there is no file @none.safetensors"],
    [
      "@bare --teacher photo",
      "there is no such file, and there are no weights of this name; the closest name is photos",
    ],
    [
      "@bare --teacher @backbone.safetensors",
      "says nothing of classes; give a network that segments, such as torchvision/fcn_resnet101",
    ],
    [
      "@bare --teacher @one.safetensors",
      "the teacher @one.safetensors has 1 class; a network that learns has 2 to 255",
    ],
    [
      "@bare --teacher icons --class-names @five.txt",
      "has 5 names, and the teacher icons has 21 classes; give a name for each of them, or leave the option out",
    ],
    [
      "@bare --teacher icons --weights @five.safetensors --heads file",
      "and the teacher icons 21; leave out --heads file for new heads, or give a teacher with 5 classes",
    ],
    [
      "--voc @voc --teacher @five.safetensors",
      "the label maps of --voc have 21 classes, and the teacher @five.safetensors 5; say with --map which",
    ],
    ["--teacher icons", "train: name pictures, a folder or a pattern"],
    ["@bare --teacher icons --map 1=2", "--map is about label maps, and the picture has no label map"],
    ["@bare --teacher icons --void 7", "--void is about label maps, and the picture has no label map"],
    [
      "@bare --labels @val --val @val --teacher icons",
      "--labels is of pictures that learn from --teacher; label maps of --val are --val-labels",
    ],
  ])("%s: says what to do", async (words, message) => {
    const { code, err } = await train("wrong", ...words.split(" "));
    expect([code, err]).toEqual([2, expect.stringContaining(message.replace(/@/g, `${root}/`))]);
  });
});

describe("pictures without label maps", () => {
  const shares = ["--hold-out", "0.34", "--batch", "2"];
  const options = ["@bare", ...NETWORK, ...shares, "--epochs", "8", "--variations", "2"];

  it("learn what the teacher says: agreement rises, and everything calls it that", async () => {
    const icons = ["--weights", "icons", "--teacher", "icons"];
    const long = ["--epochs", "15", "--variations", "1", "--lr", "0.01"];
    const { code, out, err } = await train("learned", "@large", ...icons, ...shares, ...long);
    expect([code, err]).toEqual([0, expect.stringContaining("scores are agreement with the teacher")]);
    expect(err).toContain("the teacher icons is fcn-webgpu ResNet-101: heads fcn8s, fcn16s, fcn32s, 21 classes");
    expect(err).toMatch(/^before +agreement with the teacher +[\d.]+ %/m);
    expect(err + out).not.toMatch(/mIoU|mean IoU/i);
    expect(out).toMatch(/Agreement with the teacher on 2 held-out pictures: [\d.]+ % before, [\d.]+ % after\./);

    const epochs = logOfTraining(at("learned")).filter(({ steps }) => steps !== undefined);
    expect(epochs.filter(({ meanIoU, pixelAccuracy }) => meanIoU !== undefined || pixelAccuracy !== undefined)).toEqual(
      [],
    );
    const [first, last] = [epochs[0]?.agreementWithTeacher, epochs.at(-1)?.agreementWithTeacher];
    expect(last?.meanIoU).toBeGreaterThan(3 * (first?.meanIoU ?? 1));
    expect(last?.pixelAccuracy).toBeGreaterThan(0.6);
    expect(epochs.at(-1)?.meanLoss).toBeLessThan((epochs[1]?.meanLoss ?? 0) / 2);

    const html = readFileSync(at("learned/report.html"), "utf8");
    expect(html).toContain("% agreement with the teacher</small>");
    expect(html).toContain("Agreement with the teacher on the held-out pictures (ring: the best epoch)");
    expect(html).toContain("agreement with the teacher on 2 held-out pictures");
    expect(html).not.toMatch(/% mean IoU|Mean IoU on|IoU 8s/);
    const json = JSON.parse(readFileSync(at("learned/report.json"), "utf8")) as Record<string, unknown>;
    expect(json).toMatchObject({
      truth: "teacher",
      agreementWithTeacher: { fcn8s: { meanIoU: expect.any(Number) as number } },
    });
    expect(json).not.toHaveProperty("measured");
    await withCheckpoint(at("learned/best.safetensors"), ({ metadata }) => {
      expect(metadata.get("classes")).toContain('["background","aeroplane"');
    });
  });

  it("end in the same bytes after a kill, and with what an earlier training kept on disk", async () => {
    expect((await train("whole", ...options)).code).toBe(0);
    const whole = bytesOfTraining(at("whole"));
    const args = ["train", ...placed(options), "--out", at("killed"), "--save-every", "0"];
    for (const step of [0, 1, 7]) {
      const [, signal] = await killAfter(step, args);
      expect(signal).toBe("SIGKILL");
      expect((await fcn(...args, "--resume")).code).toBe(0);
      expect(bytesOfTraining(at("killed"))).toEqual(whole);
    }
    const folder = ["--cache-folder", "@cache"];
    expect((await train("disk", ...options, ...folder)).code).toBe(0);
    expect((await train("disk", ...options, ...folder, "--fresh")).code).toBe(0);
    expect(bytesOfTraining(at("disk"))).toEqual(whole);
  });

  it("end in the same bytes where what the teacher said was forgotten", async () => {
    // What is said of pictures of this size does not fit into the smallest cache.
    const large = ["@large", ...NETWORK, ...shares, "--epochs", "4", "--variations", "2"];
    expect((await train("remembered", ...large)).code).toBe(0);
    const { code, err } = await train("forgetful", ...large, "--cache", "1");
    expect([code, err]).toEqual([0, expect.stringContaining("the teacher is asked again about")]);
    expect(bytesOfTraining(at("forgetful"))).toEqual(bytesOfTraining(at("remembered")));
  });

  it("resume with the same teacher only", async () => {
    const { code, err } = await train("whole", ...options, "--teacher", "photos", "--resume");
    expect([code, err]).toEqual([2, expect.stringContaining("has other teacher; resume with the same options")]);
  });
});

describe("label maps that are there", () => {
  it("serve to measure: those pictures are held out", async () => {
    const { code, out, err } = await train("some", "@some", ...NETWORK, ...SHORT);
    expect(code).toBe(0);
    expect(err).toContain("pictures learn what the teacher says of them; label maps serve to measure only\n");
    expect(err).toContain("6 pictures to train on, 2 held out, 21 classes");
    expect(err).toMatch(/held out with seed 0: \S+02.png, \S+03.png/);
    expect(out).toMatch(/Mean IoU on 2 held-out pictures/);
    const epochs = logOfTraining(at("some")).filter(({ steps }) => steps !== undefined);
    expect(epochs.map(({ meanIoU, agreementWithTeacher: none }) => [typeof meanIoU, none])).toEqual(
      epochs.map(() => ["number", undefined]),
    );
  });

  it("of --val give the usual IoU, and those of pictures to train on are not looked at", async () => {
    const { code, err } = await train("val", "@val", "--val", "@some/0[04].png", ...NETWORK, ...SHORT);
    expect([code, err]).toEqual([
      0,
      expect.stringContaining("2 of the pictures to train on have one, which is not looked at"),
    ]);
    expect(err).toContain("agreement with the teacher");
    const labelled = await train("val2", "@bare", "--val", "@val", ...NETWORK, ...SHORT);
    expect([labelled.code, labelled.err]).toEqual([0, expect.stringMatching(/^epoch 2\/2 .*held-out mIoU/m)]);
  });

  it("count where nothing is held out", async () => {
    const { code, out } = await train("none", "@some", "--hold-out", "0", ...NETWORK, ...SHORT);
    expect([code, out]).toEqual([0, expect.stringContaining("these numbers are of pictures that were trained on")]);
    expect(out).toMatch(/^IoU in %, trained on/m);
    const bare = await train("none2", "@bare", "--hold-out", "0", ...NETWORK, ...SHORT);
    expect([bare.code, bare.out]).toEqual([0, expect.stringContaining("IoU with the teacher in %, trained on")]);
  });

  it("of PASCAL VOC measure, and its lists need none", async () => {
    const labelled = await train("voc1", "--voc", "@voc", ...NETWORK, ...SHORT);
    expect([labelled.code, labelled.err]).toEqual([0, expect.stringContaining("3 pictures to train on, 2 held out")]);
    expect(labelled.err).toContain("held-out mIoU");
    expect(labelled.err).not.toContain("accuracy is left out");
    const lists = ["--split", "train", "--val-split", "bare"];
    const bare = await train("voc2", "--voc", "@voc", ...lists, ...NETWORK, ...SHORT);
    expect([bare.code, bare.err]).toEqual([0, expect.stringContaining("scores are agreement with the teacher")]);
  });
});

it("a teacher of other classes: its number of them, named by --class-names, in all stages and layers", async () => {
  const teacher = ["@bare", ...NETWORK, "--teacher", "@five.safetensors", "--class-names", "@five.txt", ...SHORT];
  const staged = await train("stages", ...teacher, "--stages");
  expect([staged.code, staged.err]).toEqual([
    0,
    expect.stringContaining("5 pictures to train on, 1 held out, 5 classes"),
  ]);
  await withCheckpoint(at("stages/best.safetensors"), ({ metadata, tensors }) => {
    expect(metadata.get("classes")).toBe('["a","b","c","d","e"]');
    expect(tensors.get("fcn32s.score32.weight")?.shape[0]).toBe(5);
  });
  const all = await train("all", ...teacher, "--mode", "all", "--json");
  expect([all.code, JSON.parse(all.out)]).toMatchObject([
    0,
    { truth: "teacher", classes: ["a", "b", "c", "d", "e"].map((name, i) => ({ class: i, name })) },
  ]);
});
