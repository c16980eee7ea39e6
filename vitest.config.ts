import { defineConfig } from "vitest/config";

// Each test file runs in a process of its own, because Dawn keeps native state that must not outlive the file. Files
// run one at a time, because a software adapter already uses every core.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    // Only a guard against hanging: a fresh machine compiles every shader in every process.
    testTimeout: 400_000,
    hookTimeout: 400_000,
    teardownTimeout: 5_000,
  },
});
