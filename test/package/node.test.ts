/** The installed package in Node: as an ES module, from CommonJS, as a program, and with parts of it missing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeLabelPng } from "../../src/image/png.js";
import { useInstalled } from "../helpers/installed.js";
import { agreement, fixture, referencePictures } from "../helpers/reference-maps.js";

const installed = useInstalled();
const reference = referencePictures("test/fixtures/val").find(({ name }) => name.endsWith("/15"));
if (!reference) throw new Error("no picture 15");
const { torch, picture } = reference;

beforeAll(() => void installed().write("photo.png", fixture(reference.path)));

/** Segments photo.png and prints its labels in base 64; `load` gets loadFcn into scope. */
const segmenting = (load: string): string => `${load}
async function main() {
  const fcn = await loadFcn({ variant: "fcn16s" });
  const { labels } = await fcn.segment("photo.png");
  fcn.dispose();
  process.stdout.write(Buffer.from(labels).toString("base64"), () => process.exit(0));
}
main();
`;

async function expectLabels(script: string, content: string): Promise<void> {
  installed().write(script, content);
  const { out, err } = await installed().node(script);
  // Node 20.19 and 22.12, the first that can, call `require` of an ES module experimental.
  expect(err.replace(/^\(node:\d+\) ExperimentalWarning: .*require.*\n\(Use .*\n/m, "")).toBe("");
  expect(agreement(Buffer.from(out, "base64"), torch("fcn16s"))).toBeGreaterThanOrEqual(0.999);
}

describe("segments", () => {
  it("from an ES module", () => expectLabels("module.mjs", segmenting('import { loadFcn } from "fcn-webgpu/node";')));

  it("from CommonJS, by require", () =>
    expectLabels("common.cjs", segmenting('const { loadFcn } = require("fcn-webgpu/node");')));

  it("as a program that npx finds", async () => {
    const { code, out, err } = await installed().npx("segment", "photo.png", "--variant", "fcn16s", "--out", "labels");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/photo\.labels\.png/);
    const map = decodeLabelPng(readFileSync(join(installed().folder, "labels/photo.labels.png")));
    expect([map.width, map.height]).toEqual([picture.width, picture.height]);
    expect(agreement(map.labels, torch("fcn16s"))).toBeGreaterThanOrEqual(0.999);
  });
});

it("runs a kernel and counts a confusion through the other entries", async () => {
  installed().write(
    "parts.mjs",
    `import { Tensor, requestDevice, runKernel } from "fcn-webgpu/node";
    import { relu } from "fcn-webgpu/kernels";
    import { ConfusionMatrix } from "fcn-webgpu/eval";
    const device = await requestDevice();
    const x = await Tensor.from(device, new Float32Array([-1, 2]), [1, 1, 1, 2]);
    const { y } = await runKernel(device, relu, { x });
    const values = [...(await y.read())];
    console.log(JSON.stringify([values, typeof ConfusionMatrix]));
    process.exit(0);`,
  );
  const { out, err } = await installed().node("parts.mjs");
  expect([out.trim(), err]).toEqual(['[[0,2],"function"]', ""]);
});

it("gives its version and its weights by name", async () => {
  const { out } = await installed().npx("--version");
  expect(out.trim()).toBe(installed().manifest.version);
  const script =
    'const { name, version } = require("fcn-webgpu/package.json"); console.log(name, version, require.resolve("fcn-webgpu/weights/manifest.json"));';
  const resolved = await installed().node("-e", script);
  expect(resolved.out.trim()).toBe(
    `fcn-webgpu ${installed().manifest.version} ${join(installed().package, "dist/weights/manifest.json")}`,
  );
});

describe("says in a sentence", () => {
  const messageOf = async (entry: string): Promise<string> => {
    const { out } = await installed().node(
      "--input-type=module",
      "-e",
      `import { loadFcn } from "${entry}"; loadFcn().catch(({ code, message }) => console.log(code + ": " + message));`,
    );
    return out.trim();
  };

  it("that sharp reads JPEG, where sharp is not installed", async () => {
    const { width, height, data } = picture;
    const channels = (data.length / width / height) as 3 | 4;
    installed().write(
      "photo.jpg",
      await sharp(data, { raw: { width, height, channels } }).removeAlpha().jpeg().toBuffer(),
    );
    const { code, err } = await installed().npx("segment", "photo.jpg");
    expect(code).toBe(1);
    const library = `import { loadFcn } from "fcn-webgpu/node"; const fcn = await loadFcn(); fcn.segment("photo.jpg").catch(({ code, message }) => console.log(code + ": " + message)).then(() => process.exit(0));`;
    expect((await installed().node("--input-type=module", "-e", library)).out).toMatch(
      /^bad-image: photo\.jpg: reading JPEG needs the npm package "sharp" .*: npm install sharp, or give the picture as PNG\n$/,
    );
    expect(err).toMatch(
      /^fcn: photo\.jpg: reading JPEG needs the npm package "sharp" \(Cannot find package 'sharp'[^\n]*\): npm install sharp, or give the picture as PNG\n$/,
    );
  });

  it("that the browser entry needs a browser", async () => {
    expect(await messageOf("fcn-webgpu")).toMatch(
      /^no-webgpu: this runtime has no WebGPU .* import fcn-webgpu\/node in Node$/,
    );
  });

  it("that the webgpu package is missing, where it could not be installed", async () => {
    installed().unlink("webgpu");
    try {
      expect(await messageOf("fcn-webgpu/node")).toMatch(
        /^no-webgpu: the npm package "webgpu" could not be loaded .*: install it with `npm install webgpu`; it has builds for /,
      );
    } finally {
      installed().link("webgpu");
    }
  });
});
