import { defineConfig } from "vitest/config";

// Each test file is a process of its own: Dawn keeps native state that must not outlive the file. One at a time, because a
// software adapter already uses every core.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    // A guard against hanging, not a measure: a fresh machine compiles every shader in every process.
    testTimeout: 400_000,
    hookTimeout: 400_000,
    teardownTimeout: 5_000,
  },
});
