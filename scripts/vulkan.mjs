/**
 * Which Vulkan driver to use or install, as pure functions: setup.mjs looks at the machine and acts on the answer. No mirror's
 * address is written here; the backports source is derived from the sources the machine already trusts.
 */

/**
 * An enabled apt entry of the distribution itself.
 * @typedef {{ uris: string[], suites: string[], components: string[], signedBy?: string }} AptEntry
 */

/**
 * Reads deb822 (`*.sources`) and one-line (`*.list`) apt sources. Disabled entries and source packages are left out.
 * @param {string} text
 * @param {"deb822" | "list"} format
 * @returns {AptEntry[]}
 */
export function parseAptSources(text, format) {
  if (format === "list") {
    return text.split("\n").flatMap((line) => {
      const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+?)\s*(?:#.*)?$/.exec(line.trim());
      if (!match) return [];
      const [, options = "", uri, suite, components] = match;
      const signedBy = /signed-by=(\S+)/i.exec(options)?.[1];
      return [{ uris: [uri], suites: [suite], components: components.split(/\s+/), ...(signedBy ? { signedBy } : {}) }];
    });
  }
  const stanzas = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .split(/\n\s*\n/);
  return stanzas.flatMap((stanza) => {
    /** @type {Record<string, string>} */
    const fields = {};
    let key = "";
    for (const line of stanza.split("\n")) {
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (match) fields[(key = match[1].toLowerCase())] = match[2];
      else if (/^\s/.test(line) && key) fields[key] += `\n${line.trim() === "." ? "" : line.slice(1)}`;
    }
    if (!fields.uris || !/\bdeb\b/.test(fields.types ?? "deb") || /^(no|false)$/i.test(fields.enabled ?? "yes"))
      return [];
    const words = (/** @type {string | undefined} */ field) => (field ?? "").split(/\s+/).filter(Boolean);
    const signedBy = fields["signed-by"];
    return [
      {
        uris: words(fields.uris),
        suites: words(fields.suites),
        components: words(fields.components),
        ...(signedBy ? { signedBy } : {}),
      },
    ];
  });
}

/**
 * The source of CODENAME-backports on the mirror that already serves CODENAME, in deb822 form; undefined where there is none.
 * @param {readonly AptEntry[]} entries
 * @param {string} codename
 */
export function backportsSource(entries, codename) {
  const base = entries.find(({ suites, components }) => suites.includes(codename) && components.includes("main"));
  if (!base) return undefined;
  const signedBy = base.signedBy
    ? `Signed-By: ${base.signedBy
        .split("\n")
        .map((line, i) => (i ? ` ${line || "."}` : line))
        .join("\n")}\n`
    : "";
  return `# Written by fcn-webgpu's set-up for Mesa's software Vulkan driver; delete it to undo.\nTypes: deb\nURIs: ${base.uris[0]}\nSuites: ${codename}-backports\nComponents: main\n${signedBy}`;
}

/** @param {string} text of /etc/os-release */
export function parseOsRelease(text) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of text.split("\n")) {
    const match = /^([A-Z_]+)="?([^"]*)"?$/.exec(line.trim());
    if (match) fields[match[1]] = match[2];
  }
  return {
    id: fields.ID ?? "",
    like: fields.ID_LIKE ?? "",
    codename: fields.VERSION_CODENAME ?? "",
    version: fields.VERSION_ID ?? "",
  };
}

/** Dawn refuses older ones. */
export const OLDEST_MESA = 25;

/**
 * @typedef {object} Machine
 * @property {string} platform process.platform
 * @property {ReturnType<typeof parseOsRelease>} os
 * @property {boolean} root
 * @property {boolean} apt apt-get is there
 * @property {string | undefined} candidate version of mesa-vulkan-drivers that apt would install from the enabled sources
 * @property {boolean} backports a backports source can be derived
 * @property {string | undefined} swiftshader path of a SwiftShader driver manifest
 */

/**
 * What to do when Dawn finds no adapter with the drivers that are there.
 * @param {Machine} machine
 * @returns {{ action: "apt", suite?: string } | { action: "swiftshader", icd: string } | { action: "advise", sentence: string }}
 */
export function chooseDriver(machine) {
  const { platform, os, root, apt, candidate, backports, swiftshader } = machine;
  const advise = (/** @type {string} */ sentence) => /** @type {const} */ ({ action: "advise", sentence });
  if (platform === "darwin")
    return advise(
      "No WebGPU adapter: macOS has Metal built in, so run outside the sandbox or virtual machine that hides the GPU.",
    );
  if (platform === "win32") return advise("No WebGPU adapter: install the graphics driver of your GPU's maker.");
  if (platform !== "linux")
    return advise(`No WebGPU adapter, and the npm package webgpu has no build for ${platform}.`);

  const major = Number(/^(?:\d+:)?(\d+)\./.exec(candidate ?? "")?.[1] ?? 0);
  const plain = apt && major >= OLDEST_MESA;
  const fromBackports = apt && !plain && os.id === "debian" && backports;
  if ((plain || fromBackports) && root)
    return { action: "apt", ...(fromBackports ? { suite: `${os.codename}-backports` } : {}) };
  if (swiftshader) return { action: "swiftshader", icd: swiftshader };
  if (plain || fromBackports)
    return advise("No WebGPU adapter: a Vulkan driver can be installed as root; type: sudo node scripts/setup.mjs");
  if (/fedora|rhel/.test(`${os.id} ${os.like}`))
    return advise("No WebGPU adapter: install a Vulkan driver; type: sudo dnf install mesa-vulkan-drivers");
  if (/arch/.test(`${os.id} ${os.like}`))
    return advise("No WebGPU adapter: install a Vulkan driver; type: sudo pacman -S vulkan-swrast");
  if (/suse/.test(`${os.id} ${os.like}`))
    return advise("No WebGPU adapter: install a Vulkan driver; type: sudo zypper install libvulkan_lvp");
  return advise(
    `No WebGPU adapter: install a Vulkan driver (your GPU's, or Mesa ${OLDEST_MESA} or newer, which has lavapipe for machines without a GPU), or on Debian: sudo apt-get install chromium for its SwiftShader.`,
  );
}

/** Where browsers keep SwiftShader's Vulkan manifest. */
export const SWIFTSHADER_PLACES = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
  "/usr/lib64/chromium-browser/vk_swiftshader_icd.json",
  "/opt/google/chrome/vk_swiftshader_icd.json",
  "/opt/microsoft/msedge/vk_swiftshader_icd.json",
];
