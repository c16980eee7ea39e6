/** The page: connects the controls, the stage and the worker. All computing is done in the worker. */
import { Client } from "./client.js";
import { errorText } from "./error-text.js";
import type { Drawing, Look, NetworkInfo, Reply, Segmented, Side } from "./messages.js";
import { Probes } from "./probes.js";
import { TeachButton } from "./teach/teach-button.js";
import type { TeachPicture } from "./teach/messages.js";
import { Camera } from "./ui/camera.js";
import { byId } from "./ui/elements.js";
import { showFatal, showNoWebGpu } from "./ui/fatal.js";
import { formatSeconds } from "./ui/format.js";
import { Legend } from "./ui/legend.js";
import { chosenPrecision, showNetwork, showPrecision } from "./ui/network-panel.js";
import { Saving, saveFile } from "./ui/saving.js";
import { SAMPLE_PICTURES, connectSources, markSample } from "./ui/sources.js";
import type { Sample } from "./ui/sources.js";
import { GRID, Stage } from "./ui/stage.js";
import { Status } from "./ui/status.js";
import { showTimes } from "./ui/times.js";
import { offerViews } from "./ui/views.js";

interface ChosenPicture {
  readonly picture: Blob;
  readonly name: string;
  /** Name of the sample, if it is one. */
  readonly sample: string | undefined;
}

/** Options in the address: #sample=bird&view=fcn8s&draw=cpu */
const options = new URLSearchParams(location.hash.slice(1));
const drawing: Drawing = (["gpu", "cpu"] as const).find((value) => value === options.get("draw")) ?? "auto";

let look: Look = { opacity: 0.6, split: 0, highlight: undefined };
let network: NetworkInfo | undefined;
/** Id of the last picture sent to the worker. */
let lastId = 0;
/** Id of the picture on show, which a new checkpoint segments again, and of the one whose labels are awaited. */
let shownId = 0;
let awaitedId = 0;
/** The checkpoint in use, and the one requested last. Undefined is the built-in one. */
let checkpoint: File | undefined;
let requestedCheckpoint: File | undefined;
/** The picture on show, and the one requested last. Undefined for the camera's. */
let shown: ChosenPicture | undefined;
let requested: ChosenPicture | undefined;
/** Blob URL of the picture behind the canvases. */
let objectUrl: string | undefined;

const status = new Status();
const client = new Client(onReply);
const probes = new Probes((x, y) => client.send({ type: "probe", x, y }));
const stage = new Stage({
  canvas: (slot, canvas) => client.send({ type: "canvas", slot, canvas }, [canvas]),
  resize: (slot, width, height) => client.send({ type: "size", slot, width, height }),
  split: (split) => setLook({ split }),
  probe: (x, y) => probes.ask(x, y),
});
const legend = new Legend((highlight) => setLook({ highlight }));
const saving = new Saving((kind, variant) => client.send({ type: "save", kind, variant }));
const camera = new Camera({
  frame: (frame) => segment(frame, "camera"),
  failed: (sentence) => status.fail(sentence),
  running: onCamera,
});

const teach = new TeachButton({
  send: (request) => client.send({ type: "teach", request }),
  side: chosenSide,
  fail: (sentence) => status.fail(sentence),
  picture: async () => {
    if (camera.running) return freezeCamera();
    return shown && teachPicture(shown);
  },
});

/** The camera's last frame becomes the picture to paint on. */
async function freezeCamera(): Promise<undefined> {
  const still = await camera.still();
  if (still) show(still, still.name); // the panel gets it when it is decoded
}

const teachPicture = ({ picture, name, sample }: ChosenPicture): TeachPicture => {
  const version = picture instanceof File ? picture.lastModified : 0;
  return { key: sample ?? `${name} ${picture.size} ${version}`, name, file: picture };
};

function setLook(change: Partial<Look>): void {
  look = { ...look, ...change };
  client.send({ type: "look", look });
}

function onCamera(running: boolean): void {
  status.live = running;
  if (!running) return;
  teach.close();
  markSample(undefined);
  shown = undefined;
  requested = undefined;
}

function chosenSide(): Side {
  const { value } = byId("side", HTMLSelectElement);
  return value === "auto" || value === "full" ? value : Number(value);
}

function segment(picture: Blob | ImageBitmap, name: string): void {
  const isFrame = picture instanceof ImageBitmap;
  if (!isFrame) stage.setPending(true);
  lastId++;
  awaitedId = lastId;
  client.send({ type: "segment", id: lastId, picture, name, side: chosenSide() }, isFrame ? [picture] : []);
}

function show(picture: Blob, name: string, sample?: Sample): void {
  camera.stop();
  status.clear();
  if (objectUrl !== undefined) URL.revokeObjectURL(objectUrl);
  objectUrl = sample ? undefined : URL.createObjectURL(picture);
  stage.setPicture(sample?.url ?? objectUrl ?? "");
  requested = { picture, name, sample: sample?.name };
  segment(picture, name);
}

async function showSample(sample: Sample): Promise<void> {
  const { name, url } = sample;
  markSample(name);
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    show(await response.blob(), `${name.replaceAll(" ", "-")}.png`, sample);
  } catch (error) {
    status.fail(`The sample "${name}" could not be loaded: ${errorText(error)}`);
  }
}

function load(file: File | undefined): void {
  status.clear();
  requestedCheckpoint = file;
  client.send({ type: "load", file, precision: chosenPrecision(), drawing });
}

function onReply(reply: Reply): void {
  switch (reply.type) {
    case "progress":
      if (camera.running && reply.done === undefined) return; // frames would make the line flicker
      return status.busy(reply);
    case "ready":
      return onReady(reply);
    case "picture":
      shownId = reply.id;
      if (reply.id === lastId && !camera.running) shown = requested;
      if (shown) teach.show(teachPicture(shown));
      return stage.setSize(reply.width, reply.height, reply.full);
    case "segmented":
      return onSegmented(reply);
    case "probed":
      stage.showReadings(reply.x, reply.y, reply.colour, reply.readings);
      return probes.answered();
    case "saved":
      return saveFile(reply.name, reply.blob);
    case "teach":
      return teach.onReply(reply.reply);
    case "failed":
      return onFailed(reply);
    case "lost":
      probes.reset();
      stage.setPending(true);
      return status.busy({ text: "The GPU was lost; opening it again" });
    case "recovered":
      return status.idle("The GPU was lost and is back");
    case "fatal":
      return showFatal(status, reply.code, reply.message);
  }
}

function onReady(reply: Extract<Reply, { type: "ready" }>): void {
  const { label, software, drawing: drawnBy } = reply.adapter;
  network = reply.network;
  checkpoint = requestedCheckpoint;
  showNetwork(network);
  stage.setNetworks(network.variants, drawnBy, network.classNames);
  setLook({});
  byId("adapter", HTMLElement).textContent = `${label} (${software ? "software" : "GPU"})`;
  stage.setView(offerViews(network.variants, options.get("view"), onView));
  saving.offer(network.variants);
  teach.enable();
}

function onView(view: string): void {
  stage.setView(view);
  if (view !== GRID) saving.select(view);
}

function onSegmented(result: Segmented): void {
  if (result.id !== awaitedId) return;
  stage.setPending(false);
  stage.refresh();
  legend.show(result, network?.classNames ?? []);
  showTimes(result);
  status.idle(`${result.width} × ${result.height} pixels in ${formatSeconds(result.total)}`);
  saving.enable();
  void camera.next();
}

function onFailed({ message, id }: Extract<Reply, { type: "failed" }>): void {
  // The picture before it stays on show.
  if (id === awaitedId) awaitedId = shownId;
  camera.stop();
  stage.setPending(false);
  status.idle("Ready");
  if (network) showPrecision(network);
  markSample(shown?.sample);
  status.fail(message);
}

connectSources({
  sample: (sample) => void showSample(sample),
  picture: (file) => {
    markSample(undefined);
    show(file, file.name);
  },
  checkpoint: (file) => load(file),
  noFile: (sentence) => status.fail(sentence),
});
const opacity = byId("opacity", HTMLInputElement);
opacity.addEventListener("input", () => {
  byId("opacity-value", HTMLOutputElement).value = `${opacity.value} %`;
  setLook({ opacity: opacity.valueAsNumber / 100 });
});
byId("side", HTMLSelectElement).addEventListener("change", () => shown && segment(shown.picture, shown.name));
byId("default", HTMLButtonElement).addEventListener("click", () => load(undefined));
byId("precision", HTMLFieldSetElement).addEventListener("change", () => load(checkpoint));

if (!("gpu" in navigator) || !navigator.gpu) showNoWebGpu(status);
else {
  load(undefined);
  const sample = SAMPLE_PICTURES.find(({ name }) => name === options.get("sample")) ?? SAMPLE_PICTURES[0];
  if (sample) void showSample(sample);
}
