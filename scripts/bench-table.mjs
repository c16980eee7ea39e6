/** Writes the README's table and plots from the kept benchmark results. `npm run bench-table` builds first. */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publish, withSection } from "../dist/bench/publish.js";
import { fromJson } from "../dist/bench/result.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "bench/results");
const results = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => fromJson(readFileSync(join(folder, name), "utf8"), name));
const { section, plots } = publish(results);
rmSync(join(root, "docs/bench"), { recursive: true, force: true });
for (const [path, text] of plots) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const readme = join(root, "README.md");
writeFileSync(readme, withSection(readFileSync(readme, "utf8"), section));
process.stdout.write(`README.md and ${plots.size} plots of ${results.length} results\n`);
