/** Controls of the page in a person's hands: where the focus goes, what a step back restores, what is said aloud. */
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { innerTextOf, segmentedAfter, transfer, untilSegmented, useDemo } from "./helpers/demo.js";
import { useQuickNetwork } from "./helpers/quick-network.js";
import { root } from "./helpers/sources.js";

const demo = useDemo();
beforeAll(() => useQuickNetwork(demo().page));

/** The id of what has the focus, or its text. */
const focused = (): Promise<string> =>
  demo().page.evaluate(() => {
    const { id = "", tagName = "", textContent = "" } = document.activeElement ?? {};
    return tagName === "BODY" ? "nothing" : id || (textContent ?? "").trim();
  });

/** Puts the focus on an element, and presses Enter. */
async function press(selector: string): Promise<void> {
  await demo().page.focus(selector);
  await demo().page.keyboard.press("Enter");
}

describe("the focus stays", () => {
  it("where the person was before, when an alert is dismissed", async () => {
    const { page } = demo();
    await page.focus("[data-sample=cat]");
    await transfer(page, "drop");
    await press("#dismiss");
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.sample)).toBe("cat");
  });

  it("on the camera's button while the camera starts, and on a class while frames come", async () => {
    const { page } = demo();
    await press("#camera");
    await page.locator("#camera[aria-pressed=true]").waitFor();
    expect(await focused()).toBe("camera");
    await page.locator("#time-line", { hasText: "pictures a second" }).waitFor();
    await page.locator("#legend .class").last().focus();
    await page.evaluate(() => {
      const before = document.activeElement;
      const table = document.getElementById("legend") as HTMLElement;
      const kept = new MutationObserver(() => {
        document.body.dataset.kept = String(document.activeElement === before);
      });
      kept.observe(table, { childList: true, subtree: true });
    });
    await expect.poll(() => page.evaluate(() => document.body.dataset.kept)).toBe("true");
    await segmentedAfter(page, () => press("#camera"));
    expect(await focused()).toBe("camera");
  });
});

describe("text that is dropped", () => {
  it("on a field is the field's", async () => {
    const { page } = demo();
    await page.click("#weights-open");
    const prevented = await page.locator("#weights-address").evaluate((field) =>
      ["dragover", "drop"].map((type) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.setData("text/plain", "https://example.org/net.pth");
        const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
        field.dispatchEvent(event);
        return event.defaultPrevented;
      }),
    );
    expect(prevented).toEqual([false, false]);
    expect(await page.locator("#alert").isHidden()).toBe(true);
    await page.click("#weights-open");
  });
});

describe("files that are no pictures", () => {
  // A file whose thumbnail failed first is not tried, so either may be the one that is refused last.
  it("leave nothing in the row, and the last refusal can be read", async () => {
    const { page } = demo();
    await page.setInputFiles(
      "#open",
      ["README.md", "package.json"].map((name) => resolve(root, name)),
    );
    await page.locator("#alert-text", { hasText: /(README\.md|package\.json) is not a picture/ }).waitFor();
    await expect.poll(() => page.locator('[title="README.md"], [title="package.json"]').count()).toBe(0);
  });
});

describe("panels", () => {
  it("say on a phone how much changes", async () => {
    const { page } = demo();
    await page.setViewportSize({ width: 320, height: 640 });
    await segmentedAfter(page, () => page.click("[data-sample=cat]"));
    await page.click("input[value=differ]");
    expect(await innerTextOf(page, ".panel:nth-child(2) figcaption")).toMatch(/% of pixels change/);
    await page.click("input[value=grid]");
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it("that are narrow keep their captions apart", async () => {
    const { page } = demo();
    const tall = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(4, 800);
      canvas.getContext("2d")?.fillRect(0, 0, 4, 800);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    });
    const file = { name: "tall.png", mimeType: "image/png", buffer: Buffer.from(tall) };
    await segmentedAfter(page, () => page.setInputFiles("#open", file));
    const boxes = await page.$$eval(".panel strong", (all) =>
      all.map((one) => one.getBoundingClientRect()).map(({ left, right }) => ({ left, right })),
    );
    for (const [i, { left }] of boxes.entries()) expect(left).toBeGreaterThan(boxes[i - 1]?.right ?? 0);
  });
});

describe("the focus goes", () => {
  it("beside a button that goes away: that of the built-in weights, and those of strokes", async () => {
    const { page } = demo();
    await page.click("#weights-open");
    await segmentedAfter(page, () => press('[aria-label="Use Icons"]'));
    await segmentedAfter(page, () => press("#default"));
    expect(await focused()).toBe("weights-open");
    await press("#teach");
    await page.focus(".teach-surface");
    for (const key of ["Space", "ArrowRight", "Space"]) await page.keyboard.press(key);
    await press(".teach-edit button:first-child"); // Undo
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe("teach-brush");
    await page.click("#teach");
    await page.click("#weights-open");
  });
});

describe("a step back in the browser's history", () => {
  it("draws the pictures as the controls say, which the browser restores", async () => {
    const { page, url } = demo();
    await page.fill("#opacity", "20");
    for (const id of ["grey", "names", "loupe"]) await page.uncheck(`#${id}`);
    await page.goto(`${url}kernels.html`);
    await page.goBack();
    await untilSegmented(page);
    expect(await page.inputValue("#opacity")).toBe("20");
    expect(await innerTextOf(page, "#opacity-value")).toBe("20 %");
    expect(await page.locator(".region").count()).toBe(0);
    expect(await page.locator("#panels.no-loupe").count()).toBe(1);
  });

  it("to an address without layers shows those that a reload shows", async () => {
    const { page } = demo();
    const go = (hash: string): Promise<void> => page.evaluate((to) => void (location.hash = to), hash);
    await go("sample=astronaut&view=divide");
    await go("sample=astronaut&view=divide&left=picture");
    await expect.poll(() => page.inputValue("#divider-left")).toBe("picture");
    await page.goBack();
    await expect.poll(() => page.inputValue("#divider-left")).toBe("fcn32s");
  });
});

describe("the status line", () => {
  it("is spoken when something begins, not at each step of it", async () => {
    const page = await demo().openBlank();
    await page.addInitScript(() => {
      addEventListener("DOMContentLoaded", () => {
        const line = document.getElementById("status") as HTMLElement;
        const said: string[] = [];
        Object.assign(globalThis, { said });
        new MutationObserver(() => line.ariaLive !== "off" && said.push(line.innerText)).observe(line, {
          childList: true,
        });
      });
    });
    await page.goto(demo().url);
    await untilSegmented(page);
    const said = await page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
    expect(said.filter((text) => text.startsWith("Compiling kernels")).length).toBe(1);
    expect(said.at(-1)).toMatch(/pixels in/);
    await page.close();
  });
});

describe("a class with a long name", () => {
  it("does not make the page wider than a phone", async () => {
    const { page } = demo();
    await page.setViewportSize({ width: 320, height: 640 });
    await page.evaluate(() => document.getElementById("how")?.scrollIntoView());
    await page.locator("#figure .figure-key").waitFor();
    await page.evaluate(() => {
      const named = document.querySelectorAll(".class, .figure-head p, .figure figcaption .soft, .figure-key span");
      for (const one of named) one.append("Bezeichnung".repeat(8));
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await page.setViewportSize({ width: 1280, height: 800 });
    await segmentedAfter(page, () => page.click("[data-sample=astronaut]"));
  });

  it("is cut where a pixel is read, not its percentage", async () => {
    const { page } = demo();
    const box = await page.locator(".surface").nth(3).boundingBox();
    if (!box) throw new Error("no panel");
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.75);
    const reading = page.locator(".reading").nth(3);
    await reading.filter({ hasText: "%" }).waitFor();
    const rest = await reading.evaluate((it) => {
      it.querySelector("span")?.append("Bezeichnung".repeat(8));
      const range = document.createRange();
      range.selectNode(it.lastChild as Node);
      return [range.getBoundingClientRect().right, it.getBoundingClientRect().right, range.toString()] as const;
    });
    expect(rest[2]).toMatch(/^ >?[\d.]+\s%$/);
    expect(rest[0]).toBeLessThanOrEqual(rest[1]);
    expect(rest[1]).toBeLessThanOrEqual(box.x + box.width);
  });
});

describe("a control whose value is shown beside it", () => {
  it("says it once to a screen reader", async () => {
    const { page } = demo();
    expect(await page.locator("output").evaluateAll((all) => all.map((one) => one.ariaLive))).toEqual(["off"]);
  });
});

describe("a file with a long name", () => {
  const name = `${"long_name_".repeat(20)}.pth`;

  it("leaves room for how much of it is loaded, and a refusal leaves the pictures in view", async () => {
    const { page } = demo();
    await page.setViewportSize({ width: 320, height: 300 });
    await page.click("#weights-open");
    await page.evaluate(() => {
      const line = document.getElementById("status") as HTMLElement;
      new MutationObserver(() => {
        if (line.innerText.startsWith("Loading")) document.body.dataset.loading = line.innerText;
      }).observe(line, { childList: true });
    });
    await page.setInputFiles("#checkpoint", { name, mimeType: "", buffer: Buffer.from("no checkpoint") });
    await page.locator("#alert-text", { hasText: name }).waitFor();
    expect(await page.evaluate(() => document.body.dataset.loading)).toMatch(/^Loading long_name_.{10}….+\.pth …$/);
    const { height = Infinity } = (await page.locator("#alert").boundingBox()) ?? {};
    expect(height).toBeLessThanOrEqual(120);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.evaluate((text) => document.getElementById("status")?.replaceChildren(text), name);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1280);
  });
});

it("the page asked no other host, and logged no error", () => {
  expect(demo().foreign).toEqual([]);
  expect(demo().errors).toEqual([]);
});
