/** What of deploy/ can be checked without its engine: the manifest's fields, and the options that its files use. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { SEGMENT_OPTIONS } from "../src/cli/segment-options.js";
import { runProgram } from "./helpers/run-program.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const textOf = (name: string): string => readFileSync(`${root}deploy/${name}`, "utf8");

interface Manifest {
  readonly spec: {
    readonly completions: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly args: readonly string[] }[];
        readonly securityContext?: object;
      };
    };
  };
}
const manifest = parseYaml(textOf("kubernetes/job.yaml")) as Manifest;

/** What TypeScript says of the value as a Job: a field that does not exist, or that is of another kind. */
function faultsOf(job: unknown): string[] {
  const file = `${root}test/job.generated.ts`;
  const types = 'import type { Job } from "kubernetes-types/batch/v1.js";';
  const text = `${types}\nexport const job: Job = ${JSON.stringify(job)};\n`;
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const [ofDisk, sourceOfDisk] = [host.fileExists.bind(host), host.getSourceFile.bind(host)];
  host.fileExists = (name) => name === file || ofDisk(name);
  host.getSourceFile = (name, version) =>
    name === file ? ts.createSourceFile(name, text, version) : sourceOfDisk(name, version);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

/** Options of fcn segment in a text. */
const optionsIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, name = ""]) => name);

describe("the Job of Kubernetes", () => {
  it("has the fields of the published API", () => {
    expect(faultsOf(manifest)).toEqual([]);
    const wrong = { ...manifest, spec: { ...manifest.spec, completion: 3 } };
    expect(faultsOf(wrong)).toEqual([expect.stringContaining("completion")]);
    expect(faultsOf({ ...manifest, spec: {} })).toEqual([expect.stringContaining("'template' is missing")]);
  });

  it("lets the image's user write to the volume", () => {
    expect(textOf("Dockerfile")).toMatch(/^FROM node:[^\n]*$[^]*^USER node$/m); // whose number is 1000
    const expected = { fsGroup: 1000, fsGroupChangePolicy: "OnRootMismatch" };
    expect(manifest.spec.template.spec.securityContext).toEqual(expected);
  });

  it("tells the program its own number of shards, and options that it knows", () => {
    const args = manifest.spec.template.spec.containers[0]?.args ?? [];
    expect(args[0]).toBe("segment");
    expect(args).toContain(`--of=${manifest.spec.completions}`);
    expect(optionsIn(args.join(" ")).filter((name) => !(name in SEGMENT_OPTIONS))).toEqual([]);
  });
});

describe("the script for Slurm", () => {
  it("is valid, and names options that the program knows", async () => {
    const script = `${root}deploy/slurm/segment.sbatch`;
    expect(await runProgram("bash", ["-n", script], { cwd: root, timeoutMs: 20_000 })).toMatchObject({
      code: 0,
      err: "",
    });
    const call =
      textOf("slurm/segment.sbatch")
        .split("\n")
        .find((line) => line.startsWith("${FCN")) ?? "";
    expect(optionsIn(call)).toContain("resume");
    expect(optionsIn(call).filter((name) => !(name in SEGMENT_OPTIONS))).toEqual([]);
  });

  it.each([
    [0, 0, 0],
    [2, 0, 0],
    [75, 0, 1],
    [143, 0, 1],
    [143, 5, 0],
  ])("ends with the program's code %i, and after %i restarts requeues %i times", async (code, restarts, requeues) => {
    const folder = mkdtempSync(join(tmpdir(), "fcn-sbatch-"));
    try {
      const path = join(folder, "scontrol");
      writeFileSync(path, '#!/bin/sh\necho "$*"\n', { mode: 0o755 });
      writeFileSync(join(folder, "program"), `exit ${code}`);
      const env = {
        ...process.env,
        PATH: `${folder}:${process.env.PATH ?? ""}`,
        FCN: "bash program",
        ...{ SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "3", SLURM_RESTART_COUNT: `${restarts}` },
      };
      const script = `${root}deploy/slurm/segment.sbatch`;
      const ran = await runProgram("bash", [script, "list", "out"], { cwd: folder, env, timeoutMs: 20_000 });
      expect(ran).toEqual({ code, out: "requeue 7_3\n".repeat(requeues), err: "" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it("every folder of deploy/ has a guide of one screen", () => {
  const folders = readdirSync(`${root}deploy`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(["bullmq", "kubernetes", "slurm"]);
  for (const { name } of folders) expect(textOf(`${name}/README.md`).split("\n").length, name).toBeLessThan(50);
});

it("the table of BullMQ's variables says who reads each, and its default", () => {
  const [producer, worker, queue] = ["producer", "worker", "queue"].map((name) => textOf(`bullmq/${name}.mjs`));
  const reads = (text = ""): [string, string][] =>
    [...text.matchAll(/process\.env\.(\w+) \?\? "?([\w.:/-]+)/g)].map(([, name = "", value = ""]) => [name, value]);
  const rowOf = (reader: string, [name, value]: [string, string]): string =>
    `${name} ${reader} ${/^[\d_]+$/.test(value) ? value.replace("_", ",") : value}`;
  const read = [
    ...reads(queue).map((one) => rowOf("both", one)),
    ...reads(worker).map((one) => rowOf("worker", one)),
    ...reads(producer).map((one) => rowOf("producer", one)),
  ];
  const rows = [...textOf("bullmq/README.md").matchAll(/^\| `(\w+)` +\| (\w+) +\|[^|]+\| `?([^|`]+?)`? +\|$/gm)];
  expect(rows.map((row) => row.slice(1).join(" ")).sort()).toEqual(read.sort());
});

it("guides and manifest name this version of the package", () => {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };
  const texts = ["bullmq/README.md", "kubernetes/README.md", "kubernetes/job.yaml"].map(textOf).join("\n");
  const named = [...texts.matchAll(/fcn-webgpu[-:](\d+\.\d+\.\d+)/g)].map(([, found]) => found);
  expect(named.length).toBeGreaterThan(3);
  expect(new Set(named)).toEqual(new Set([version]));
});
