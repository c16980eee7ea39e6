/** Networks of more classes than labels hold: logits work, and all that needs labels says why it cannot. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { paperFcnTensors } from "../bench/hashed-weights.js";
import { inspect } from "../src/cli/inspect.js";
import { segment } from "../src/cli/segment.js";
import { runCommand } from "./helpers/commands.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { WIDTH, loadHashed, stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const folder = mkdtempSync(join(tmpdir(), "fcn-many-classes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SPECS = paperFcnTensors(300, WIDTH, 18).filter(({ name }) => !/^fcn(16|8)s/.test(name));
const SENTENCE = "labels hold 256 classes, the network has 300; use logits()";

it.each([undefined, 64])("logits work, labels say why they do not (tile: %s)", async (tile) => {
  const fcn = await loadHashed(device(), SPECS, { resize: "none", ...(tile ? { tile } : {}) });
  await expectError(() => fcn.segment(stripedPicture(40, 80)), "bad-shape", SENTENCE);
  const { data } = await fcn.logits(stripedPicture(40, 30));
  expect(data.length).toBe(300 * 40 * 30);
  fcn.dispose();
});

it("the commands say so before they read a picture", async () => {
  const file = join(folder, "many.safetensors");
  writeFileSync(file, await hashedFile(SPECS));
  expect((await runCommand(inspect, file)).out).toContain("WARNING: labels hold 256 classes, the network has 300;");
  const picture = fileURLToPath(new URL("../samples/street.png", import.meta.url));
  const args = [picture, "--weights", file, "--out", join(folder, "out")];
  await expect(runCommand(segment, ...args)).rejects.toThrow(
    /labels hold 256 classes, the network has 300; only logits/,
  );
});
