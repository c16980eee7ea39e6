/** The commands of docs/training.md run in their order, on pictures of the names in the guide. Runs the build. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { VOC_CLASSES } from "../src/image/palette.js";
import { GUIDES, commandsOf } from "./helpers/docs.js";
import { PROGRAM } from "./helpers/fcn.js";
import { runProgram } from "./helpers/run-program.js";

const VAL = fileURLToPath(new URL("fixtures/val", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-guide-"));
const VOC = join(root, "VOCdevkit/VOC2012");
const NAMES = ["12", "13", "14", "15", "00"];

/** Puts a picture and its label map where they are named. */
function copyPicture(name: string, picture: string, label: string): void {
  copyFileSync(join(VAL, `${name}.png`), picture);
  copyFileSync(join(VAL, `${name}.label.png`), label);
}

beforeAll(() => {
  for (const folder of ["pictures", "labels", "photographs"]) mkdirSync(join(root, folder));
  for (const folder of ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"])
    mkdirSync(join(VOC, folder), { recursive: true });
  for (const [i, name] of NAMES.entries()) {
    const letter = "abcde"[i] ?? "";
    copyPicture(name, join(root, "pictures", `${letter}.png`), join(root, "labels", `${letter}.png`));
    copyFileSync(join(VAL, `${name}.png`), join(root, "photographs", `${name}.png`));
    copyPicture(name, join(VOC, "JPEGImages", `${letter}.png`), join(VOC, "SegmentationClass", `${letter}.png`));
  }
  writeFileSync(join(VOC, "ImageSets/Segmentation/train.txt"), "a\nb\n");
  writeFileSync(join(VOC, "ImageSets/Segmentation/val.txt"), "c\n");
  writeFileSync(join(root, "classes.txt"), `${VOC_CLASSES.join("\n")}\n`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Of a training only its length is changed, and a teacher that would be downloaded. */
const SHORT = ["--epochs", "1", "--variations", "1"];
const withSmallTeacher = (words: readonly string[]): string[] =>
  words.map((word) => (word === "torchvision/fcn_resnet101" ? "icons" : word));
const guide = GUIDES.find(({ file }) => file === "docs/training.md");
const commands = guide ? commandsOf(guide) : [];

it("the guide has its commands", () => expect(commands.length).toBeGreaterThan(5));

it.each(commands.map((words) => [words.join(" "), words] as const))("fcn %s", async (_, words) => {
  const args = words[0] === "train" ? [...withSmallTeacher(words), ...SHORT] : words;
  const { code, err } = await runProgram(process.execPath, [PROGRAM, ...args], { cwd: root, timeoutMs: 100_000 });
  expect([code, err]).toEqual([0, expect.any(String)]);
});
