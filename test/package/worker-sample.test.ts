/** The worker of docs/library.md as printed: Vite builds it from the installed package, and a browser runs it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { GUIDES } from "../helpers/docs.js";
import { useInstalled } from "../helpers/installed.js";
import { openPage } from "../helpers/page.js";
import type { OpenPage } from "../helpers/page.js";

const installed = useInstalled();
let open: OpenPage | undefined;
afterEach(() => open?.close());

const blocks = GUIDES.find(({ file }) => file === "docs/library.md")?.blocks ?? [];
const workerAt = blocks.findIndex(({ words }) => words.includes("worker.ts"));

it("builds with Vite without configuration, and answers its page", async () => {
  const [worker, page] = blocks.slice(workerAt, workerAt + 2);
  if (!worker || !page) throw new Error("docs/library.md prints no worker.ts and its page");
  const head = '<head><meta charset="utf-8"><title>app</title></head>';
  const body = '<body><script type="module" src="/main.ts"></script></body>';
  installed().write("index.html", `<!doctype html><html lang="en">${head}${body}</html>`);
  installed().write("main.ts", page.text);
  installed().write("worker.ts", worker.text);
  const { code, out, err } = await installed().tool("vite", "build", "--logLevel", "warn");
  expect([code, out, err]).toEqual([0, "", ""]);

  const built = join(installed().folder, "dist");
  open = await openPage("", built);
  const logged = open.page.waitForEvent("console", (message) => message.type() !== "error");
  await open.page.setContent(readFileSync(join(built, "index.html"), "utf8"));
  const message = await logged;
  expect(await message.args()[0]?.jsonValue()).toEqual(["background"]);
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
