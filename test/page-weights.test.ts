/** Other weights on the page: how they are called, which the browser keeps, and what is asked for when. No browser. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChosenWeights, NetworkInfo, Request as PageRequest } from "../demo/src/messages.js";
import { NetworkChoice } from "../demo/src/network-choice.js";
import { weightsTitle } from "../demo/src/weights-title.js";
import { keepWeights, keptWeights } from "../demo/src/weights/kept.js";

const listeners = vi.hoisted(() => new Map<string, () => void>());
vi.mock("../demo/src/ui/elements.js", () => ({
  byId: (id: string) => ({ addEventListener: (_: string, act: () => void) => void listeners.set(id, act) }),
}));
vi.mock("../demo/src/ui/network-panel.js", () => ({ chosenPrecision: () => "f16" }));

/** A Cache of https://w3c.github.io/ServiceWorker/#cache-interface in memory, and how often something was put. */
class MemoryCache {
  readonly entries = new Map<string, Blob>();
  puts = 0;
  match = async (url: string | { readonly url: string }) => {
    const blob = this.entries.get(typeof url === "string" ? url : url.url);
    return blob && new Response(blob);
  };
  keys = async (only?: string) =>
    [...this.entries.keys()].filter((url) => only === undefined || url === only).map((url) => ({ url }));
  put = async (url: string, response: Response) => {
    this.puts++;
    this.entries.set(url, await response.blob());
  };
  delete = async ({ url }: { readonly url: string }) => this.entries.delete(url);
}

let stores: Record<string, MemoryCache>;
beforeEach(() => {
  stores = { "fcn-webgpu": new MemoryCache(), "fcn-webgpu-files": new MemoryCache() };
  vi.stubGlobal("caches", { open: async (name: string) => stores[name] });
  vi.stubGlobal("HTMLButtonElement", class {});
  vi.stubGlobal("HTMLFieldSetElement", class {});
});
afterEach(() => vi.unstubAllGlobals());

const fileOf = (text: string, lastModified: number): ChosenWeights => ({
  kind: "file",
  file: new File([text], "model.pth", { lastModified }),
});
const puts = (): number => stores["fcn-webgpu-files"]?.puts ?? 0;
const textOf = async (weights: ChosenWeights | undefined): Promise<string> =>
  weights?.kind === "file" ? weights.file.text() : "";

describe("weights", () => {
  it("are called by the last part of their address, or by all of it where that is empty", () => {
    const titles = ["https://a.org/net.pth?x#y", "https://a.org/nets/", "icons"].map((address) =>
      weightsTitle({ kind: "address", address }),
    );
    expect(titles).toEqual(["net.pth", "https://a.org/nets/", "icons"]);
  });
});

describe("files that the browser keeps", () => {
  it("are two where two have one name, each with its bytes and its time, and are written once", async () => {
    const [older, newer] = [fileOf("older", 1_000_000), fileOf("newer!", 2_000_000_000)];
    for (const weights of [older, newer, older]) await keepWeights(weights);
    expect(puts()).toBe(2);
    const kept = await keptWeights();
    expect(kept.map(({ bytes, whole }) => [bytes, whole])).toEqual([
      [5, true],
      [6, true],
    ]);
    expect(new Set(kept.map(({ title }) => title)).size).toBe(2);
    const taken = await Promise.all(kept.map((one) => one.take()));
    expect(await Promise.all(taken.map(textOf))).toEqual(["older", "newer!"]);
    for (const weights of taken) await keepWeights(weights); // a file that was kept is the same file
    expect(puts()).toBe(2);
    await kept[0]?.remove();
    expect((await keptWeights()).map(({ title, bytes }) => [title, bytes])).toEqual([["model.pth", 6]]);
  });

  it("are none where the page's data is blocked: that is said when one is to be kept", async () => {
    vi.stubGlobal("caches", { open: () => Promise.reject(new DOMException("blocked", "SecurityError")) });
    expect(await keptWeights()).toEqual([]);
    await expect(keepWeights(fileOf("x", 1))).rejects.toThrow(/keeps no data of this page/);
  });
});

describe("downloads that the browser keeps", () => {
  it("are listed whole or not, and removed with all their pieces and nothing else", async () => {
    const entries = stores["fcn-webgpu"]?.entries ?? new Map<string, Blob>();
    const add = (key: string, text: string) => entries.set(`https://fcn-webgpu.invalid/${key}`, new Blob([text]));
    const [whole, part, start] = ["whole", "part", "start"].map((name) => encodeURIComponent(`https://a.org/${name}`));
    add("tuning.json", "{}");
    add(`${whole}/manifest`, JSON.stringify({ size: 12, whole: true }));
    for (const piece of [0, 1]) add(`${whole}/${piece}`, "123456");
    add(`${part}/manifest`, JSON.stringify({ size: 6, whole: false }));
    add(`${part}/0`, "123456");
    add(`${start}/0`, "123456"); // the page was closed before its manifest was written
    const kept = await keptWeights();
    expect(kept.map(({ title, bytes, whole: isWhole }) => [title, bytes, isWhole])).toEqual([
      ["whole", 12, true],
      ["part", 6, false],
      ["start", 0, false],
    ]);
    expect(await kept[1]?.take()).toEqual({ kind: "address", address: "https://a.org/part" });
    for (const one of kept) await one.remove();
    expect([...entries.keys()]).toEqual(["https://fcn-webgpu.invalid/tuning.json"]);
  });

  it("stay while one is being downloaded, in this tab or another", async () => {
    const entries = stores["fcn-webgpu"]?.entries ?? new Map<string, Blob>();
    const key = `https://fcn-webgpu.invalid/${encodeURIComponent("https://a.org/part")}/0`;
    entries.set(key, new Blob(["123456"]));
    const names: string[] = [];
    const held = { request: (name: string, _: unknown, run: (lock: null) => unknown) => (names.push(name), run(null)) };
    vi.stubGlobal("navigator", { locks: held });
    const [part] = await keptWeights();
    await expect(part?.remove()).rejects.toThrow("it is being downloaded: remove it when that has ended");
    expect([names, entries.has(key)]).toEqual([["fcn-webgpu https://a.org/part"], true]);
    entries.delete(key);
  });
});

/** The chooser of the page, and what it has sent, reported and failed with. */
function choiceOf() {
  const sent: PageRequest[] = [];
  const busy = vi.fn();
  const failed = vi.fn();
  const changed = vi.fn();
  const send = (request: PageRequest) => void sent.push(request);
  const choice = new NetworkChoice({ send, busy, changed, failed, drawing: "auto" });
  const loaded = () => sent.flatMap((request) => (request.type === "load" ? [request.weights] : []));
  /** The worker has loaded what was sent last, and sends it back. */
  const ready = (): void => choice.used({ weights: { ...loaded().at(-1) } } as NetworkInfo);
  return { choice, loaded, ready, busy, changed, failed };
}

/** The weights that ship, in two halves: the test lets the second one come. */
function twoHalves() {
  const sent: { readonly signal: AbortSignal }[] = [];
  let finish = (): void => undefined;
  vi.stubGlobal("fetch", async (_url: unknown, init: { readonly signal: AbortSignal }) => {
    sent.push(init);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(4));
        finish = () => {
          controller.enqueue(new Uint8Array(4));
          controller.close();
        };
        init.signal.addEventListener("abort", () => controller.error(init.signal.reason));
      },
    });
    return new Response(body, { headers: { "content-length": "8" } });
  });
  return { sent, finish: () => finish() };
}

describe("a choice", () => {
  it("is kept once: neither another precision nor a GPU that is back undoes a removal", async () => {
    const { choice, ready, failed } = choiceOf();
    choice.load(fileOf("mine", 5));
    ready();
    await vi.waitFor(async () => expect(await keptWeights()).toHaveLength(1));
    await (await keptWeights())[0]?.remove();
    ready(); // the GPU was lost and is back
    listeners.get("precision")?.();
    ready();
    choice.load(fileOf("other", 6)); // refused by the worker
    choice.refused();
    listeners.get("precision")?.();
    ready();
    await vi.dynamicImportSettled();
    expect([puts(), failed.mock.calls]).toEqual([1, []]);
    expect(await keptWeights()).toEqual([]);
    choice.load(fileOf("mine", 5));
    ready();
    await vi.waitFor(() => expect(puts()).toBe(2));
    expect((await keptWeights()).map(({ title }) => title)).toEqual(["model.pth"]);
  });

  it("takes alerts away, but not the page's own start: its first sample may have failed", async () => {
    const { finish } = twoHalves();
    const { choice, loaded, busy, changed } = choiceOf();
    const started = choice.start();
    await vi.waitFor(() => expect(busy).toHaveBeenCalledOnce());
    finish();
    await started;
    expect([loaded().length, changed.mock.calls.length]).toEqual([1, 0]);
    listeners.get("precision")?.();
    expect(changed).toHaveBeenCalledOnce();
  });

  it("of other weights ends the download of those that ship, and its progress", async () => {
    const { sent } = twoHalves();
    const { choice, loaded, busy } = choiceOf();
    const started = choice.start();
    await vi.waitFor(() => expect(busy).toHaveBeenCalledOnce());
    choice.load({ kind: "address", address: "icons" });
    await started;
    expect([sent[0]?.signal.aborted, busy.mock.calls.length]).toEqual([true, 1]);
    expect(loaded()).toEqual([{ kind: "address", address: "icons" }]);
  });

  it("that is refused leaves what was there, or gets the weights that ship where nothing was", () => {
    const { choice, loaded, ready } = choiceOf();
    choice.load({ kind: "address", address: "a/broken.pth" });
    choice.refused();
    expect(loaded().at(-1)).toEqual({ kind: "built-in" });
    ready();
    choice.load({ kind: "address", address: "a/broken.pth" });
    choice.refused();
    expect(loaded()).toHaveLength(3);
    listeners.get("precision")?.();
    expect(loaded().at(-1)).toEqual({ kind: "built-in" });
  });

  it("of a precision waits for the weights that ship while these come", async () => {
    const { finish } = twoHalves();
    const { choice, loaded, busy } = choiceOf();
    const started = choice.start();
    await vi.waitFor(() => expect(busy).toHaveBeenCalledOnce());
    listeners.get("precision")?.();
    listeners.get("default")?.();
    finish();
    await started;
    expect(loaded()).toMatchObject([{ kind: "built-in", blob: { size: 8 } }]);
  });
});
