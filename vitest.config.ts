import { defineConfig } from "vitest/config";

/** Tests of what differs between a GPU and a software adapter: which variants run, and how plans run them. */
const GPU_PATHS = [
  "golden",
  "comparison",
  "decoder",
  "plan",
  "plan-tensors",
  "features",
  "set-heads",
  "bands",
  "borders",
  "precision",
  "tuner",
  "measure-variant",
  "out-of-memory",
  "recover",
];

// Each test file runs in a process of its own, because Dawn keeps native state that must not outlive the file. Two
// files run at a time: a software adapter uses every core, but half of the time goes to programs that use one.
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    // Only a guard against hanging: a fresh machine compiles every shader in every process.
    testTimeout: 400_000,
    hookTimeout: 400_000,
    teardownTimeout: 5_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      { extends: true, test: { name: "as it is", include: ["test/**/*.test.ts"] } },
      // Here and in CI there may be no GPU. The adapter is then taken for one.
      {
        extends: true,
        test: {
          name: "as a GPU",
          include: GPU_PATHS.map((name) => `test/${name}.test.ts`),
          env: { FCN_PRETEND: "gpu" },
        },
      },
    ],
  },
});
