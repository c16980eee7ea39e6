import { defineConfig } from "vitest/config";

// Each test file is a process of its own: Dawn keeps native state that must not outlive the file. One at a time, because a
// software adapter already uses every core.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 5_000,
  },
});
