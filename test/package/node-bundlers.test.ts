/** What esbuild makes of the package for Node, where the optional package sharp is not installed. */
import { describe, expect, it } from "vitest";
import { useInstalled } from "../helpers/installed.js";

const installed = useInstalled();

const SCRIPT = `
import { loadFcn, readPicture } from "fcn-webgpu/node";
const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70, 0, 1);
const sentence = ({ code, message }) => console.log(code + " " + message);
readPicture(jpeg)
  .catch(sentence)
  .then(() => loadFcn())
  .catch(sentence);
`;

describe.each([
  ["esm", "mjs"],
  ["cjs", "cjs"],
])("esbuild --format=%s for Node", (format, ending) => {
  it("bundles without sharp, and errors say what a bundle misses", async () => {
    installed().write("bundled.mjs", SCRIPT);
    const output = `out/bundle.${ending}`;
    // pngjs is CommonJS, which esbuild cannot put into an ES module for Node.
    const options = ["--bundle", "--platform=node", "--external:webgpu", "--external:pngjs", `--format=${format}`];
    const built = await installed().tool("esbuild", "bundled.mjs", ...options, `--outfile=${output}`);
    expect(built.code, built.err).toBe(0);
    const { code, out, err } = await installed().node(output);
    expect([code, err]).toEqual([0, ""]);
    const [jpeg, weights] = out.split("\n");
    expect(jpeg).toMatch(/^missing-package .*npm install sharp/);
    expect(weights).toMatch(/^bad-weights "photos": .*leave fcn-webgpu out \(external\).*dist\/weights/);
  });
});

it("a script that is no ES module says so when it asks for the weights of the package", async () => {
  installed().write(
    "page.mjs",
    `import { defaultCheckpointUrl, openSource } from "fcn-webgpu";
const sentence = ({ code, message }) => console.log(code + " " + message);
try { defaultCheckpointUrl(); } catch (error) { sentence(error); }
openSource("photos").catch(sentence);
`,
  );
  const built = await installed().tool("esbuild", "page.mjs", "--bundle", "--format=iife", "--outfile=out/page.cjs");
  expect(built.code, built.err).toBe(0);
  const { code, out, err } = await installed().node("out/page.cjs");
  expect([code, err]).toEqual([0, ""]);
  const [address, weights] = out.split("\n");
  expect(address).toMatch(/^bad-weights weights of the package: .*ES module/);
  expect(weights).toBe(address);
});
