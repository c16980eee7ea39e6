/**
 * Decides which Vulkan driver to use or to install. These are pure functions: setup.mjs looks at the machine and acts
 * on the answer. No mirror's address is written here; the backports source is derived from the sources that the machine
 * already trusts.
 */

/**
 * An enabled apt source of binary packages.
 * @typedef {{ uris: string[], suites: string[], components: string[], signedBy?: string }} AptEntry
 */

/**
 * Reads one line of a `*.list` file: `deb [signed-by=KEY] URI SUITE COMPONENT ...`.
 * @returns {AptEntry[]} one entry, or none
 */
function parseListLine(/** @type {string} */ line) {
  const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+?)\s*(?:#.*)?$/.exec(line.trim());
  if (!match) return [];
  const [, options = "", uri, suite, components] = match;
  const entry = { uris: [uri], suites: [suite], components: components.split(/\s+/) };
  const signedBy = /signed-by=(\S+)/i.exec(options)?.[1];
  return [signedBy ? { ...entry, signedBy } : entry];
}

/**
 * The fields of a deb822 stanza by their names in lower case. A field goes on in lines that start with a space; a line
 * with only a full stop stands for an empty one.
 */
function stanzaFields(/** @type {string} */ stanza) {
  /** @type {Record<string, string>} */
  const fields = {};
  let name = "";
  for (const line of stanza.split("\n")) {
    const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (match) {
      name = match[1].toLowerCase();
      fields[name] = match[2];
    } else if (/^\s/.test(line) && name) {
      fields[name] += `\n${line.trim() === "." ? "" : line.slice(1)}`;
    }
  }
  return fields;
}

/**
 * Reads one stanza of a `*.sources` file.
 * @returns {AptEntry[]} one entry, or none where it is disabled or has source packages only
 */
function parseStanza(/** @type {string} */ stanza) {
  const fields = stanzaFields(stanza);
  const binary = /\bdeb\b/.test(fields.types ?? "deb");
  const disabled = /^(no|false)$/i.test(fields.enabled ?? "yes");
  if (!fields.uris || !binary || disabled) return [];
  const words = (/** @type {string | undefined} */ field) => (field ?? "").split(/\s+/).filter(Boolean);
  const entry = { uris: words(fields.uris), suites: words(fields.suites), components: words(fields.components) };
  const signedBy = fields["signed-by"];
  return [signedBy ? { ...entry, signedBy } : entry];
}

/**
 * Reads deb822 (`*.sources`) and one-line (`*.list`) apt sources. Disabled entries and source packages are left out.
 * @param {string} text
 * @param {"deb822" | "list"} format
 * @returns {AptEntry[]}
 */
export function parseAptSources(text, format) {
  const lines = text.split("\n");
  if (format === "list") return lines.flatMap(parseListLine);
  const withoutComments = lines.filter((line) => !line.startsWith("#")).join("\n");
  return withoutComments.split(/\n\s*\n/).flatMap(parseStanza);
}

/** Writes a value as a deb822 field: further lines start with a space, and an empty line becomes a full stop. */
const fieldLines = (/** @type {string} */ value) => value.replace(/\n(.*)/g, (_, line) => `\n ${line || "."}`);

/**
 * The source of CODENAME-backports on the mirror that already serves CODENAME, in deb822 form; undefined where no
 * mirror does.
 * @param {readonly AptEntry[]} entries
 * @param {string} codename
 */
export function backportsSource(entries, codename) {
  const base = entries.find(({ suites, components }) => suites.includes(codename) && components.includes("main"));
  if (!base) return undefined;
  const lines = [
    "# Written by fcn-webgpu's set-up for Mesa's software Vulkan driver; delete it to undo.",
    "Types: deb",
    `URIs: ${base.uris[0]}`,
    `Suites: ${codename}-backports`,
    "Components: main",
  ];
  if (base.signedBy) lines.push(`Signed-By: ${fieldLines(base.signedBy)}`);
  return `${lines.join("\n")}\n`;
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

/** The major version in a Debian version such as `25.0.7-2` or `1:25.2.1-0ubuntu1`; 0 where there is none. */
const majorVersion = (/** @type {string | undefined} */ version) =>
  Number(/^(?:\d+:)?(\d+)\./.exec(version ?? "")?.[1] ?? 0);

/**
 * @typedef {object} Machine
 * @property {string} platform process.platform
 * @property {ReturnType<typeof parseOsRelease>} os
 * @property {boolean} root
 * @property {boolean} apt apt-get is there
 * @property {string | undefined} candidate version of mesa-vulkan-drivers that apt would install
 * @property {boolean} backports a backports source can be derived
 * @property {string | undefined} swiftshader path of a SwiftShader driver manifest
 */

/**
 * @typedef {{ action: "apt", suite?: string }} InstallWithApt `suite` is named where the default one is too old
 * @typedef {{ action: "swiftshader", icd: string }} UseSwiftShader
 * @typedef {{ action: "advise", sentence: string }} Advise
 */

/** Where set-up can do nothing: what the user can do. @returns {string} */
function adviceFor(/** @type {Machine} */ { platform, os }) {
  if (platform === "darwin") {
    return (
      "No WebGPU adapter: macOS has Metal built in, " +
      "so run outside the sandbox or virtual machine that hides the GPU."
    );
  }
  if (platform === "win32") return "No WebGPU adapter: install the graphics driver of your GPU's maker.";
  if (platform !== "linux") return `No WebGPU adapter, and the npm package webgpu has no build for ${platform}.`;
  const install = "No WebGPU adapter: install a Vulkan driver";
  const family = `${os.id} ${os.like}`;
  if (/fedora|rhel/.test(family)) return `${install}; type: sudo dnf install mesa-vulkan-drivers`;
  if (/arch/.test(family)) return `${install}; type: sudo pacman -S vulkan-swrast`;
  if (/suse/.test(family)) return `${install}; type: sudo zypper install libvulkan_lvp`;
  return (
    `${install} (your GPU's, or Mesa ${OLDEST_MESA} or newer, whose lavapipe needs no GPU), ` +
    "or on Debian: sudo apt-get install chromium for its SwiftShader."
  );
}

/**
 * What to do when Dawn finds no adapter with the drivers that are there.
 * @param {Machine} machine
 * @returns {InstallWithApt | UseSwiftShader | Advise}
 */
export function chooseDriver(machine) {
  const { platform, os, root, apt, candidate, backports, swiftshader } = machine;
  if (platform !== "linux") return { action: "advise", sentence: adviceFor(machine) };
  const newEnough = apt && majorVersion(candidate) >= OLDEST_MESA;
  const fromBackports = apt && !newEnough && os.id === "debian" && backports;
  const installable = newEnough || fromBackports;
  if (installable && root) return { action: "apt", ...(fromBackports ? { suite: `${os.codename}-backports` } : {}) };
  if (swiftshader) return { action: "swiftshader", icd: swiftshader };
  if (!installable) return { action: "advise", sentence: adviceFor(machine) };
  const sentence = "No WebGPU adapter: a Vulkan driver can be installed as root; type: sudo node scripts/setup.mjs";
  return { action: "advise", sentence };
}

/** Where browsers keep SwiftShader's Vulkan manifest. */
export const SWIFTSHADER_PLACES = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
  "/usr/lib64/chromium-browser/vk_swiftshader_icd.json",
  "/opt/google/chrome/vk_swiftshader_icd.json",
  "/opt/microsoft/msedge/vk_swiftshader_icd.json",
];
