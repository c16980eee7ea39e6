/** The page: connects the controls, the stage and the worker. All computing is done in the worker. */
import type { Precision, PrecisionOption } from "fcn-webgpu";
import { Client } from "./client.js";
import type { Drawing, Look, Network, Reply, Side } from "./messages.js";
import { Camera } from "./ui/camera.js";
import { byId, element, titleOf } from "./ui/elements.js";
import { Legend } from "./ui/legend.js";
import { SAMPLES, connectSources, markSample } from "./ui/sources.js";
import type { Sample } from "./ui/sources.js";
import { GRID, Stage } from "./ui/stage.js";
import { Status } from "./ui/status.js";
import { showTimes } from "./ui/times.js";

/** In the address: #sample=bird&view=fcn8s&draw=cpu */
const wish = new URLSearchParams(location.hash.slice(1));
const drawing = (["gpu", "cpu"] as const).find((way) => way === wish.get("draw")) ?? ("auto" satisfies Drawing);

const status = new Status();
const client = new Client(onReply);
let look: Look = { opacity: 0.6, split: 0, highlight: undefined };
let network: Network | undefined;
let job = 0;
/** The checkpoint in use, and the one that was asked for last; none is the built-in one. */
let loaded: File | undefined;
let wanted: File | undefined;
/** The file on show, and the one that was asked for last; `sample` names it where it is one. */
let shown: { readonly picture: Blob; readonly name: string; readonly sample: string | undefined } | undefined;
let asked: typeof shown;
let probing = false;
let nextProbe: { readonly x: number; readonly y: number } | undefined;

function setLook(change: Partial<Look>): void {
  look = { ...look, ...change };
  client.send({ type: "look", look });
}

const stage = new Stage({
  canvas: (slot, canvas) => client.send({ type: "canvas", slot, canvas }, [canvas]),
  resize: (slot, width, height) => client.send({ type: "size", slot, width, height }),
  split: (split) => setLook({ split }),
  probe: (x, y) => {
    nextProbe = { x, y };
    if (!probing) probeNext();
  },
});
const legend = new Legend((highlight) => setLook({ highlight }));
const camera = new Camera({
  frame: (frame) => send(frame, "camera"),
  failed: (sentence) => status.fail(sentence),
  running: onCamera,
});

function onCamera(running: boolean): void {
  status.live = running;
  if (!running) return;
  markSample(undefined);
  shown = asked = undefined;
}

/** One question at a time, so that a fast pointer leaves no queue behind. */
function probeNext(): void {
  probing = nextProbe !== undefined;
  if (nextProbe) client.send({ type: "probe", ...nextProbe });
  nextProbe = undefined;
}

const side = (): Side => {
  const { value } = byId("side", HTMLSelectElement);
  return value === "auto" || value === "full" ? value : Number(value);
};

function send(picture: Blob | ImageBitmap, name: string): void {
  if (picture instanceof Blob) stage.setPending(true);
  client.send(
    { type: "segment", id: ++job, picture, name, side: side() },
    picture instanceof ImageBitmap ? [picture] : [],
  );
}

let objectUrl: string | undefined;
function show(picture: Blob, name: string, sample?: Sample): void {
  camera.stop();
  status.clear();
  if (objectUrl !== undefined) URL.revokeObjectURL(objectUrl);
  objectUrl = sample ? undefined : URL.createObjectURL(picture);
  stage.setPicture(sample?.url ?? objectUrl ?? "");
  asked = { picture, name, sample: sample?.name };
  send(picture, name);
}

async function showSample(sample: Sample): Promise<void> {
  const { name, url } = sample;
  markSample(name);
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    show(await response.blob(), `${name.replaceAll(" ", "-")}.png`, sample);
  } catch (error) {
    status.fail(`The sample "${name}" could not be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const PRECISIONS = ["auto", "f32", "f16"] as const satisfies readonly PrecisionOption[];
const precision = (): PrecisionOption => PRECISIONS.find((option) => byId(option, HTMLInputElement).checked) ?? "auto";

function showPrecision({
  precision: now,
  stored,
}: {
  readonly precision: PrecisionOption;
  readonly stored: Precision;
}): void {
  byId(now, HTMLInputElement).checked = true;
  byId("auto-text", HTMLElement).textContent = now === "auto" ? `Auto (${stored})` : "Auto";
}

function load(file: File | undefined): void {
  status.clear();
  wanted = file;
  client.send({ type: "load", file, precision: precision(), drawing });
}

function onReply(reply: Reply): void {
  switch (reply.type) {
    case "progress":
      if (camera.running && reply.done === undefined) return;
      return status.busy(reply.text, reply.done, reply.total);
    case "ready":
      return onReady(reply);
    case "picture":
      if (reply.id === job && !camera.running) shown = asked;
      return stage.setSize(reply.width, reply.height, reply.full);
    case "segmented":
      if (reply.id !== job) return;
      stage.setPending(false);
      stage.refresh();
      legend.show(reply, network?.classNames ?? []);
      showTimes(reply);
      status.idle(
        `${reply.width} × ${reply.height} pixels in ${(reply.total / 1000).toFixed(reply.total < 9950 ? 2 : 1)} s`,
      );
      byId("saving", HTMLFieldSetElement).disabled = false;
      return void camera.next();
    case "probed":
      stage.showReadings(reply.x, reply.y, reply.colour, reply.readings);
      return probeNext();
    case "saved":
      return offer(reply.name, reply.blob);
    case "failed":
      camera.stop();
      stage.setPending(false);
      status.idle("Ready");
      if (network) showPrecision(network);
      markSample(shown?.sample);
      return status.fail(reply.message);
    case "lost":
      probing = false;
      stage.setPending(true);
      return status.busy("The GPU was lost; opening it again");
    case "recovered":
      return status.idle("The GPU was lost and is back");
    case "fatal":
      return onFatal(reply.code, reply.message);
  }
}

function onReady({ network: now, adapter }: Extract<Reply, { type: "ready" }>): void {
  network = now;
  loaded = wanted;
  showPrecision(now);
  stage.setNetworks(now.variants, adapter.drawing, now.classNames);
  setLook({});
  const kind = adapter.software ? "software" : "GPU";
  byId("adapter", HTMLElement).textContent = `${adapter.label} (${kind})`;
  byId("network-name", HTMLElement).textContent = now.file ?? "Built-in weights";
  byId("network-description", HTMLElement).textContent = now.description;
  const notice = byId("notice", HTMLElement);
  notice.textContent =
    now.notice ??
    (now.file === undefined
      ? "They were trained on drawn icons. For photographs, load a checkpoint that was trained on them."
      : "");
  notice.hidden = notice.textContent === "";
  byId("default", HTMLButtonElement).hidden = now.file === undefined;
  const views = byId("views", HTMLFieldSetElement);
  const held =
    views.querySelector<HTMLInputElement>("input:checked")?.value ??
    wish.get("view") ??
    (matchMedia("(max-width: 40rem)").matches ? now.variants.at(-1) : GRID);
  const chosen = now.variants.find((variant) => variant === held) ?? GRID;
  views.replaceChildren(
    ...views.querySelectorAll("legend"),
    ...[GRID, ...now.variants].map((view) => viewChoice(view, view === chosen)),
  );
  stage.setView(chosen);
  const which = byId("save-variant", HTMLSelectElement);
  which.replaceChildren(
    ...now.variants.map((variant) => Object.assign(element("option", "", titleOf(variant)), { value: variant })),
  );
  which.value = now.variants.at(-1) ?? "";
}

function viewChoice(view: string, checked: boolean): HTMLElement {
  const input = Object.assign(element("input"), { type: "radio", name: "view", value: view, checked });
  input.addEventListener("change", () => {
    stage.setView(view);
    if (view !== GRID) byId("save-variant", HTMLSelectElement).value = view;
  });
  return element("label", "", input, element("span", "", view === GRID ? "Side by side" : titleOf(view)));
}

function onFatal(code: string | undefined, message: string): void {
  if (code === "no-webgpu") noWebGpu();
  else if (code === "no-adapter")
    status.fatal(
      "No graphics adapter",
      "WebGPU is there, but it found no GPU to use: turn on hardware acceleration in the browser's settings and update the graphics driver, then try again.",
    );
  else if (code === "device-lost")
    status.fatal("The GPU went away", message, "The page tried to get it back and could not.");
  else status.fatal("The network could not be loaded", message);
}

function noWebGpu(): void {
  const insecure =
    "This page was opened over an insecure address. Browsers offer WebGPU over https and on localhost only: open it there.";
  const missing =
    "This page computes on your GPU through WebGPU, which this browser does not offer. Open it in Chrome or Edge 113 or newer, Safari 26 or newer, or Firefox 141 or newer; on Linux, Chrome may need chrome://flags/#enable-unsafe-webgpu.";
  status.fatal("This browser has no WebGPU", isSecureContext ? missing : insecure);
}

function offer(name: string, blob: Blob): void {
  const link = Object.assign(element("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

connectSources({
  sample: (sample) => void showSample(sample),
  picture: (file) => {
    markSample(undefined);
    show(file, file.name);
  },
  checkpoint: (file) => load(file),
  nothing: (sentence) => status.fail(sentence),
});
const opacity = byId("opacity", HTMLInputElement);
opacity.addEventListener("input", () => {
  byId("opacity-value", HTMLOutputElement).value = `${opacity.value} %`;
  setLook({ opacity: opacity.valueAsNumber / 100 });
});
byId("side", HTMLSelectElement).addEventListener("change", () => shown && send(shown.picture, shown.name));
byId("default", HTMLButtonElement).addEventListener("click", () => load(undefined));
byId("precision", HTMLFieldSetElement).addEventListener("change", () => load(loaded));
for (const kind of ["labels", "overlay"] as const) {
  byId(`save-${kind}`, HTMLButtonElement).addEventListener("click", () =>
    client.send({ type: "save", kind, variant: byId("save-variant", HTMLSelectElement).value }),
  );
}

if (!("gpu" in navigator) || !navigator.gpu) noWebGpu();
else {
  load(undefined);
  const [first] = SAMPLES;
  const sample = SAMPLES.find(({ name }) => name === wish.get("sample")) ?? first;
  if (sample) void showSample(sample);
}
