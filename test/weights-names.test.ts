/**
 * Weights by name: what names stand for, downloads from a server that stands in for torchvision's, wrong files, no
 * network, and misspelt names. weights-command.test.ts has the commands.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { closest } from "../src/base/closest.js";
import { openSource as openOnPage } from "../src/index.js";
import { loadFcn, openSource } from "../src/node.js";
import { WEIGHTS_FACTS } from "../src/weights/catalogue-facts.js";
import { WEIGHTS_NAMES, namedWeights } from "../src/weights/catalogue.js";
import type { NamedWeights } from "../src/weights/catalogue.js";
import { DEFAULT_CHECKPOINT, ICONS_CHECKPOINT } from "../src/weights/default-checkpoint.js";
import type { DownloadProgress } from "../src/weights/download-options.js";
import { downloadAddress, namedSource } from "../src/weights/named-file.js";
import type { ByteSource } from "../src/weights/source.js";
import { useDevice } from "./helpers/device.js";
import { expectError, sentenceOf } from "./helpers/expect-error.js";
import { OTHER, sha256 } from "./helpers/file-server.js";
import { fixture } from "./helpers/reference-maps.js";
import { FILE, NET, PUBLISHED, REAL_SHA256, STAND_IN, useStandIn } from "./helpers/stand-in.js";

const NOWHERE = "http://127.0.0.1:9";

const SHIPPED = [
  ["photos", DEFAULT_CHECKPOINT],
  ["icons", ICONS_CHECKPOINT],
] as const;

const standIn = useStandIn();
const device = useDevice();

/** As openSource(NET), which does not say how often a download is tried. */
const open = (options: Parameters<typeof namedSource>[1]): Promise<ByteSource> =>
  namedSource(namedWeights(NET) as NamedWeights, options);

describe("names", () => {
  it("stand for files whose names begin and end as they should, and have facts", () => {
    expect(Object.keys(WEIGHTS_FACTS)).toEqual(WEIGHTS_NAMES);
    Object.assign(WEIGHTS_FACTS[NET], { sha256: REAL_SHA256 });
    for (const name of WEIGHTS_NAMES) {
      const facts = WEIGHTS_FACTS[name];
      expect(facts.sha256).toMatch(/^[0-9a-f]{64}$/);
      const named = namedWeights(name);
      if (named?.sha256) continue;
      const [, network = ""] = name.split("/");
      expect(named?.url.href).toMatch(
        new RegExp(`^https://download\\.pytorch\\.org/models/${network}(_coco)?-${facts.sha256.slice(0, 8)}\\.pth$`),
      );
    }
    expect(namedWeights(NET)?.url.href).toBe(PUBLISHED);
    for (const [name, { file, sha256: digest }] of SHIPPED) {
      const bytes = fixture(`weights/${file}`).length;
      expect(WEIGHTS_FACTS[name]).toMatchObject({ bytes, sha256: digest });
    }
    for (const other of ["", "icons/", "constructor", "__proto__", "torchvision/", undefined, 7, new URL(PUBLISHED)])
      expect(namedWeights(other)).toBeUndefined();
  });

  it("that nobody has are answered with the closest", () => {
    expect(closest("Torchvision/FCN_resnet-101", WEIGHTS_NAMES)).toBe(NET);
    expect(closest("kitten", ["sitting", "mittens"])).toBe("mittens");
    expect(closest("kitten", ["sitting"], 2)).toBeUndefined();
    expect(closest("x".repeat(1e6), ["y"])).toBe("y");
    expect(closest("", [])).toBeUndefined();
  });
});

describe("a published file", () => {
  it("is downloaded once from the mirror, with progress, and loads as a network", async () => {
    const seen: DownloadProgress[] = [];
    const onProgress = (now: DownloadProgress): void => void seen.push(now);
    const fcn = await loadFcn({ weights: NET, device: device(), variant: "fcn32s", onProgress });
    expect(fcn.description).toMatch(/^fcn-webgpu ResNet-101/); // the stand-in's
    fcn.dispose();
    expect([seen[0]?.loaded, seen.at(-1)]).toEqual([0, { loaded: STAND_IN.length, total: STAND_IN.length }]);
    expect(standIn.inCache()).toEqual([expect.stringMatching(`^[0-9a-f]{16}-${FILE}$`)]);
    const again = await openSource(NET);
    expect([again.name, again.size]).toEqual([NET, STAND_IN.length]);
    await again.close();
    expect(standIn.asked).toEqual([`/mirror/models/${FILE}`]);
    vi.stubEnv("FCN_WEIGHTS_MIRROR", ""); // the cache knows it by its own address
    await (await openSource(NET)).close();
  });

  it("goes into memory without the cache", async () => {
    const source = await openSource(NET, { cache: false });
    expect(sha256(await source.read(0, source.size))).toBe(sha256(STAND_IN));
    expect(standIn.inCache()).toEqual([]);
  });

  it("with another digest is refused, and nothing of it is kept", async () => {
    standIn.serve(OTHER);
    const wrong = sentenceOf(/^torchvision\/fcn_resnet101: http:.*: its sha256 must be [0-9a-f]{64}, /, /but the \d+ /);
    for (const options of [{}, { cache: false }])
      await expectError(() => openSource(NET, options), "bad-weights", wrong);
    expect(standIn.inCache()).toEqual([]);
    standIn.serve(STAND_IN);
    await (await openSource(NET)).close();
    expect(standIn.inCache()).toHaveLength(1);
  });

  it("that was put into the cache by hand is checked, too", async () => {
    await (await openSource(NET)).close();
    const [name = ""] = standIn.inCache();
    rmSync(join(standIn.cache, "checked"), { recursive: true });
    vi.stubEnv("FCN_WEIGHTS_MIRROR", NOWHERE);
    await (await openSource(NET)).close();
    writeFileSync(join(standIn.cache, name), OTHER);
    await expectError(
      () => open({ retries: 0 }),
      "bad-weights",
      /is damaged \(its \d+ bytes have the sha256 .*yourself/,
    );
  });

  it("without a network says what to do by hand", async () => {
    vi.stubEnv("FCN_WEIGHTS_MIRROR", NOWHERE);
    const reason =
      /^torchvision\/fcn_resnet101: http:\/\/127\.0\.0\.1:9\/models\/\S+: it could not be fetched \(.*\); /;
    const address = /.*; you can download https:\/\/download\.pytorch\.org\/models\/\S+\.pth yourself and /;
    const place = /save it as \S+-fcn_resnet101_coco-7ecb50ca\.pth or give the path of your copy, or set FCN_W/;
    await expectError(() => open({ retries: 0 }), "bad-weights", sentenceOf(reason, address, place));
    const given = sentenceOf(reason, address, /give the path of your copy$/);
    await expectError(() => open({ retries: 0, cache: false }), "bad-weights", given);
  });

  it("comes from where it is published, or from a mirror that is an address", async () => {
    const url = new URL(PUBLISHED);
    expect(downloadAddress(url, {})).toBe(PUBLISHED);
    expect(downloadAddress(url, { FCN_WEIGHTS_MIRROR: " " })).toBe(PUBLISHED);
    expect(downloadAddress(url, { FCN_WEIGHTS_MIRROR: "https://a.test//" })).toBe(`https://a.test/models/${FILE}`);
    for (const mirror of ["a.test", "file:///a", "https://name:secret@a.test", "https://a.test/?key=secret", "//"])
      await expectError(
        () => downloadAddress(url, { FCN_WEIGHTS_MIRROR: mirror }),
        "bad-option",
        /^FCN_WEIGHTS_MIRROR is not an address as it is needed, http\(s\):\/\/HOST\/FOLDER without((?!secret).)*$/,
      );
  });
});

describe("names and files", () => {
  it.each(SHIPPED)("%s is a checkpoint that ships, whatever lies in the working directory", async (name, shipped) => {
    const source = await openSource(name);
    expect(sha256(await source.read(0, source.size))).toBe(shipped.sha256);
    expect(standIn.asked).toEqual([]);
    await expectError(() => openSource(`./${name}`), "bad-weights", `./${name}: there is no such file`);
  });

  it.each([
    ["torchvision/fcn_resnet_101", NET],
    ["torchvision/deeplabv3", "torchvision/resnet18"],
    ["fcn_resnet101", NET],
    ["resnet_18", "torchvision/resnet18"],
    ["icon", "icons"],
  ])("%s is answered with %s", async (wrong, name) => {
    const sentence = sentenceOf(
      /^"\S+": there is no such file, and there are no weights of this name; /,
      /the closest/,
    );
    await expectError(() => openSource(wrong), "bad-weights", sentence);
    await expect(openSource(wrong)).rejects.toThrow(`the closest name is ${name} (`);
  });

  it("a path that is like no name stays the path of a missing file", async () => {
    for (const path of ["net.pth", "torchvision/fcn_resnet_101.pth", "checkpoints/best"])
      await expectError(() => openSource(path), "bad-weights", `${path}: there is no such file`);
    const path = join(standIn.cache, "icon");
    writeFileSync(path, STAND_IN);
    vi.spyOn(process, "cwd").mockReturnValue(standIn.cache);
    await (await openSource(path)).close();
    vi.restoreAllMocks();
  });
});

describe("on a page", () => {
  it("a name stands for torchvision's address; a failure says what to do by hand", async () => {
    const fetched: string[] = [];
    vi.stubGlobal("fetch", (url: string) => {
      fetched.push(url);
      return Promise.resolve(new Response(null, { status: 404, statusText: "Not Found" }));
    });
    const advice = "you can download it yourself and choose the file";
    const sentence = `${NET}: ${PUBLISHED}: the server answered 404 Not Found; ${advice}`;
    await expectError(() => openOnPage(NET), "bad-weights", sentence);
    expect(fetched).toEqual([PUBLISHED]);
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(new Uint8Array(STAND_IN))));
    await expectError(
      () => openOnPage(NET),
      "bad-weights",
      /its name promises a sha256 that starts with 7ecb50ca, but/,
    );
    vi.unstubAllGlobals();
  });

  it("a misspelt name is answered with all names, and paths of the page stay paths", async () => {
    const sentence =
      /^"torchvision\/fcn-resnet101": there are no weights of this name; there are photos, icons, torchvision\//;
    await expectError(() => openOnPage("torchvision/fcn-resnet101"), "bad-weights", sentence);
    vi.stubGlobal("location", { href: `${standIn.server.base}/app/` });
    expect((await openOnPage("torchvision/net.pth", { cache: false })).size).toBe(STAND_IN.length);
    expect(standIn.asked).toEqual(["/app/torchvision/net.pth"]);
    vi.unstubAllGlobals();
  });
});
