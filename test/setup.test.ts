/** The decisions of set-up on machines unlike this one, and wrong calls of scripts. Nothing is installed. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ensureBrowsers } from "../scripts/browser.mjs";
import { backportsSource, chooseDriver, parseAptSources, parseOsRelease } from "../scripts/vulkan.mjs";

const DEB822 = `Types: deb
# a comment inside
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://other.example/
Suites: bookworm
Components: main
`;

describe("apt sources", () => {
  it("are read from deb822 without the disabled ones", () => {
    const entries = parseAptSources(DEB822, "deb822");
    expect(entries.map((e) => e.suites)).toEqual([["bookworm", "bookworm-updates"], ["bookworm-security"]]);
  });

  it("are read from lines with options and comments", () => {
    const text = `# deb http://no.example x main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # here
deb-src http://s.example bookworm main
`;
    expect(parseAptSources(text, "list")).toEqual([
      {
        uris: ["http://mirror.example/debian"],
        suites: ["bookworm"],
        components: ["main", "contrib"],
        signedBy: "/k.gpg",
      },
    ]);
  });

  it("give the source of backports on the mirror that serves the release", () => {
    const source = backportsSource(parseAptSources(DEB822, "deb822"), "bookworm");
    expect(source).toContain(`URIs: http://mirror.example/debian
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`);
    expect(backportsSource([], "bookworm")).toBeUndefined();
  });

  it("give backports the key that an entry contains", () => {
    const text = `Types: deb
URIs: http://m.example
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN-----
 .
 abc
`;
    const source = backportsSource(parseAptSources(text, "deb822"), "bookworm") ?? "";
    expect(parseAptSources(source, "deb822")[0]?.signedBy).toBe("\n-----BEGIN-----\n\nabc");
  });
});

describe("chooseDriver", () => {
  const debian12 = parseOsRelease('ID=debian\nVERSION_CODENAME=bookworm\nVERSION_ID="12"\n');
  const machine = {
    platform: "linux",
    os: debian12,
    root: true,
    apt: true,
    candidate: "22.3.6-1+deb12u1",
    backports: true,
    swiftshader: undefined,
  };

  it("takes backports on Debian 12, as root", () => {
    expect(chooseDriver(machine)).toEqual({ action: "apt", suite: "bookworm-backports" });
  });

  it("takes the release's own Mesa where it is new enough", () => {
    expect(
      chooseDriver({ ...machine, os: parseOsRelease("ID=debian\nVERSION_CODENAME=trixie"), candidate: "25.0.7-2" }),
    ).toEqual({ action: "apt" });
    expect(
      chooseDriver({ ...machine, os: parseOsRelease("ID=ubuntu\nID_LIKE=debian"), candidate: "1:25.2.1-0ubuntu1" }),
    ).toEqual({ action: "apt" });
  });

  it("falls back to SwiftShader where nothing can be installed", () => {
    expect(chooseDriver({ ...machine, root: false, swiftshader: "/x/vk_swiftshader_icd.json" })).toEqual({
      action: "swiftshader",
      icd: "/x/vk_swiftshader_icd.json",
    });
  });

  it.each([
    ["no root", { root: false }, /type: sudo node scripts\/setup\.mjs$/],
    ["Fedora", { os: parseOsRelease("ID=fedora"), apt: false }, /type: sudo dnf install mesa-vulkan-drivers$/],
    ["Arch", { os: parseOsRelease("ID=arch"), apt: false }, /type: sudo pacman -S vulkan-swrast$/],
    [
      "openSUSE",
      { os: parseOsRelease('ID="opensuse-leap"\nID_LIKE="suse opensuse"'), apt: false },
      /type: sudo zypper install libvulkan_lvp$/,
    ],
    [
      "an old Ubuntu",
      { os: parseOsRelease("ID=ubuntu\nID_LIKE=debian"), candidate: "22.2.5-0ubuntu0.1" },
      /Mesa 25 or newer/,
    ],
    ["macOS", { platform: "darwin" }, /Metal/],
    ["Windows", { platform: "win32" }, /graphics driver/],
    ["FreeBSD", { platform: "freebsd" }, /no build for freebsd/],
  ])("says in one sentence what to do: %s", (_, change, sentence) => {
    const choice = chooseDriver({ ...machine, ...change });
    expect(choice).toMatchObject({ action: "advise", sentence: expect.stringMatching(sentence) as string });
  });
});

describe("browsers for the tests", () => {
  const CHROMIUM = "The browser tests need chromium; type: sudo apt-get install chromium";
  const FIREFOX =
    "The browser tests need Firefox 141 or newer (or set FIREFOX_PATH to its program): install what is missing.";
  const BOTH = "The browser tests need chromium and firefox-esr; type: sudo apt-get install chromium firefox-esr";
  const ALL = ["chromium", "firefox-esr"];

  /** What is installed where these are there and apt offers those, and what is said then. */
  function ensure(there: readonly string[], offered: readonly string[], isRoot = true, isFound = true) {
    const installed: string[] = [];
    const said = ensureBrowsers((packages) => void installed.push(...packages), {
      has: (browser) => there.includes(browser.package) || (isFound && installed.includes(browser.package)),
      isOffered: (name) => offered.includes(name),
      isRoot,
    });
    return [installed, said];
  }

  it("that apt offers are installed, also where it does not offer both", () => {
    expect(ensure(ALL, [])).toEqual([[], undefined]);
    expect(ensure([], ALL)).toEqual([ALL, undefined]);
    expect(ensure([], ["chromium"])).toEqual([["chromium"], FIREFOX]);
    expect(ensure(["firefox-esr"], ["chromium"])).toEqual([["chromium"], undefined]);
    expect(ensure(["chromium"], [])).toEqual([[], FIREFOX]);
  });

  it("have a cure each where they are not installed, or not found afterwards", () => {
    expect(ensure([], ALL, false)).toEqual([[], BOTH]);
    expect(ensure([], ["chromium"], false)).toEqual([[], `${CHROMIUM}\n${FIREFOX}`]);
    const lost = "apt-get installed chromium, but it is not where it was expected: set CHROME_PATH.";
    expect(ensure(["firefox-esr"], ["chromium"], true, false)).toEqual([["chromium"], lost]);
  });
});

it.each(["--port x", "--port 99999", "8080"])("npm run page says which ports there are: %s", (args) => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/page.mjs", ...args.split(" ")], {
    encoding: "utf8",
  });
  const sentence = `page: give a port of 0 to 65535, as in npm run page -- --port 8080; got ${args}\n`;
  expect([status, stderr]).toEqual([2, sentence]);
});
