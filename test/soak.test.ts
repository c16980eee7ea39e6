/** A few rounds of `npm run soak`: kills with a resume, two writers, full disks where a tmpfs can be mounted. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runProgram } from "./helpers/run-program.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const SOAK = "scripts/soak.mjs";

it("killed and resumed, doubled and on full disks, comparisons end in the same totals", async () => {
  const args = [SOAK, "--kills", "2", "--pairs", "1", "--disks", "2"];
  const { code, out, err } = await runProgram(process.execPath, args, { cwd: root, timeoutMs: 110_000 });
  expect([code, err]).toEqual([0, ""]);
  const [kills = "", pairs = "", disks = ""] = out.split("\n");
  expect(kills).toMatch(/^2 kills, \d comparisons with identical totals$/);
  expect(pairs).toMatch(/^1 pairs of writers, [01] refused by the lock$/);
  expect(disks).toMatch(
    /^(2 full disks, each resumed with identical totals|no full disks: mounting a tmpfs needs root)$/,
  );
});

it("the soak says how it is called", async () => {
  const run = (option: string) => runProgram(process.execPath, [SOAK, option], { cwd: root, timeoutMs: 60_000 });
  expect((await run("--help")).out).toContain("--kills N");
  expect((await run("--kills=many")).code).toBe(2);
});
