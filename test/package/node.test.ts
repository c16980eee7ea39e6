/** The installed package in Node: as an ES module, from CommonJS, as a program, and without some other packages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeLabelPng } from "../../src/image/png.js";
import { useInstalled } from "../helpers/installed.js";
import { PHOTOGRAPH } from "../helpers/known-pictures.js";
import { agreement, fixture } from "../helpers/reference-maps.js";

const installed = useInstalled();
const { path, torch, picture } = PHOTOGRAPH;

beforeAll(() => void installed().write("photo.png", fixture(path)));

/** A script that segments photo.png and prints its labels in base 64. `load` declares loadFcn. */
const segmenting = (load: string): string => `${load}
async function main() {
  const fcn = await loadFcn({ variant: "fcn16s", resize: "none" });
  const { labels } = await fcn.segment("photo.png");
  fcn.dispose();
  process.stdout.write(Buffer.from(labels).toString("base64"));
}
main();
`;

async function expectLabels(script: string, content: string): Promise<void> {
  installed().write(script, content);
  const { code, out, err } = await installed().node(script);
  // Node 20.19 and 22.12, the first that can `require` an ES module, warn that this is experimental.
  const experimental = /^\(node:\d+\) ExperimentalWarning: .*require.*\n\(Use .*\n/m;
  expect([code, err.replace(experimental, "")]).toEqual([0, ""]);
  expect(agreement(Buffer.from(out, "base64"), torch("fcn16s"))).toBeGreaterThanOrEqual(0.999);
}

describe("segments", () => {
  it("from an ES module", () => expectLabels("module.mjs", segmenting('import { loadFcn } from "fcn-webgpu/node";')));

  it("from CommonJS, by require", () =>
    expectLabels("common.cjs", segmenting('const { loadFcn } = require("fcn-webgpu/node");')));

  it("as a program that npx finds", async () => {
    const { code, out, err } = await installed().npx(
      ...["segment", "photo.png", "--variant", "fcn16s", "--resize", "none", "--out", "labels"],
    );
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/photo\.labels\.png/);
    const map = decodeLabelPng(readFileSync(join(installed().folder, "labels/photo.labels.png")));
    expect([map.width, map.height]).toEqual([picture.width, picture.height]);
    expect(agreement(map.labels, torch("fcn16s"))).toBeGreaterThanOrEqual(0.999);
  });
});

it("runs a kernel and has the confusion matrix through the other entries", async () => {
  installed().write(
    "parts.mjs",
    `import { Tensor, requestDevice, runKernel } from "fcn-webgpu/node";
    import { relu } from "fcn-webgpu/kernels";
    import { ConfusionMatrix } from "fcn-webgpu/eval";
    const device = await requestDevice();
    const x = await Tensor.from(device, new Float32Array([-1, 2]), [1, 1, 1, 2]);
    const { y } = await runKernel(device, relu, { x });
    const values = [...(await y.read())];
    console.log(JSON.stringify([values, typeof ConfusionMatrix]));`,
  );
  const { out, err } = await installed().node("parts.mjs");
  expect([out.trim(), err]).toEqual(['[[0,2],"function"]', ""]);
});

it("gives its version and its weights by name", async () => {
  const { version } = installed().manifest;
  expect((await installed().npx("--version")).out.trim()).toBe(version);
  const script = `
    const { name, version } = require("fcn-webgpu/package.json");
    console.log(name, version, require.resolve("fcn-webgpu/weights/manifest.json"));`;
  const { out } = await installed().node("-e", script);
  const manifest = join(installed().package, "dist/weights/manifest.json");
  expect(out.trim()).toBe(`fcn-webgpu ${version} ${manifest}`);
});

describe("says in a sentence", () => {
  /** Runs statements as an ES module and returns what they print. `print` prints an error's code and message. */
  const printedBy = async (statements: string): Promise<string> => {
    const print = 'const print = ({ code, message }) => console.log(code + ": " + message);';
    return (await installed().node("--input-type=module", "-e", `${print}\n${statements}`)).out;
  };
  const loadError = async (entry: string): Promise<string> =>
    (await printedBy(`import { loadFcn } from "${entry}"; loadFcn().catch((error) => print(error));`)).trim();

  it("that sharp reads JPEG, where sharp is not installed", async () => {
    const { width, height, data } = picture;
    const channels = (data.length / width / height) as 3 | 4;
    const jpeg = await sharp(data, { raw: { width, height, channels } }).removeAlpha().jpeg().toBuffer();
    installed().write("photo.jpg", jpeg);

    const sentence = 'photo\\.jpg: reading JPEG needs the npm package "sharp"';
    const cure = "npm install sharp, or give the picture as PNG\\n$";
    const { code, err } = await installed().npx("segment", "photo.jpg");
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^fcn-webgpu: ${sentence} \\(Cannot find package 'sharp'[^\\n]*\\): ${cure}`));

    const printed = await printedBy(`import { loadFcn } from "fcn-webgpu/node";
      const fcn = await loadFcn();
      fcn.segment("photo.jpg").catch((error) => print(error));`);
    expect(printed).toMatch(new RegExp(`^missing-package: ${sentence} .*: ${cure}`));
  });

  it("that the browser entry needs a browser", async () => {
    expect(await loadError("fcn-webgpu")).toMatch(
      /^no-webgpu: this runtime has no WebGPU .* import fcn-webgpu\/node in Node$/,
    );
  });

  it("that the webgpu package is missing, where it could not be installed", async () => {
    const problem = 'no-webgpu: the npm package "webgpu" could not be loaded ';
    const cure = ": install it with `npm install webgpu`; it has builds for ";
    installed().unlink("webgpu");
    try {
      expect(await loadError("fcn-webgpu/node")).toMatch(new RegExp(`^${problem}.*${cure}`));
    } finally {
      installed().link("webgpu");
    }
  });
});
