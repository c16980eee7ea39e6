/** The page: connects the controls, the stage and the worker. All computing is done in the worker. */
import { adapterWords } from "./adapter-words.js";
import { Client } from "./client.js";
import { Figure } from "./figure/figure-door.js";
import { FIRST_LOOK } from "./messages.js";
import type { Activity, PictureOnShow, Look, NetworkInfo, Reply, Segmented } from "./messages.js";
import { NetworkChoice } from "./network-choice.js";
import { readDrawing, readAddress, writeAddress } from "./page-state.js";
import type { PageState } from "./page-state.js";
import { Probes } from "./probes.js";
import { readableName } from "./readable-names.js";
import { Stage } from "./stage/stage.js";
import { TeachButton } from "./teach/teach-button.js";
import { paintedPicture } from "./teach/painted-picture.js";
import { Camera } from "./ui/camera.js";
import { byId } from "./ui/elements.js";
import { showFatal, showNoWebGpu } from "./ui/fatal.js";
import { formatRoughly } from "./ui/format.js";
import { Gallery } from "./ui/gallery.js";
import type { GalleryPicture } from "./ui/gallery.js";
import { Legend } from "./ui/legend.js";
import { chosenSide, connectLook } from "./ui/look-controls.js";
import { showNetwork, showPrecision } from "./ui/network-panel.js";
import { Saving, saveFile } from "./ui/saving.js";
import { connectSources } from "./ui/sources.js";
import { Status } from "./ui/status.js";
import { TimeLine } from "./ui/times.js";
import { offerViews } from "./ui/views.js";
import type { View } from "./ui/views.js";

let look = FIRST_LOOK;
let network: NetworkInfo | undefined;
/** Names of the classes, readable. */
let classNames: readonly string[] = [];
/** Id of the last picture sent to the worker. */
let lastId = 0;
/** Id of the picture on show, which other weights segment again, and of the one whose labels are awaited. */
let shownId = 0;
let awaitedId = 0;
/** The picture on show, and the one requested last. Undefined for the camera's. */
let shown: GalleryPicture | undefined;
let requested: GalleryPicture | undefined;
/** Width and height of the files that are saved of the picture on show. */
let savedSize: readonly [number, number] = [0, 0];
/** Blob URLs of the picture behind the canvases. */
let objectUrl = "";

const status = new Status();
status.start();
const client = new Client(onReply);
const probes = new Probes((x, y) => client.send({ type: "probe", x, y }));
const stage = new Stage({
  canvas: (slot, canvas, lens) => client.send({ type: "canvas", slot, canvas, lens }, [canvas, lens]),
  resize: (slot, width, height) => client.send({ type: "size", slot, width, height }),
  lens: (size) => client.send({ type: "lens", ...size }),
  layered: (layerings, split) => setLook({ layerings, split }),
  probe: (x, y) => probes.ask(x, y),
  sides: (left, right) => writeAddress({ left, right }),
});
const legend = new Legend((highlight) => setLook({ highlight }));
const saving = new Saving((kind, variant) => client.send({ type: "save", kind, variant }));
const times = new TimeLine();
const choice = new NetworkChoice({
  send: (request) => client.send(request),
  busy,
  changed: () => status.clear(),
  failed: (sentence) => status.fail(sentence),
  drawing: readDrawing(),
});
const figure = new Figure(() => client.send({ type: "explain" }));
const camera = new Camera({
  frame: (frame) => segment(frame, "camera.png"),
  failed: (sentence) => status.fail(sentence),
  running: onCamera,
  frozen: (still) => gallery.add([still]),
});
const gallery = new Gallery({ chosen: show, failed: (sentence) => status.fail(sentence) });

const teach = new TeachButton({
  send: (request) => client.send({ type: "teach", request }),
  side: chosenSide,
  fail: (sentence) => status.fail(sentence),
  picture: async () => {
    if (!camera.running) return shown && paintedPicture(shown);
    await camera.freeze(); // the panel gets the last frame when it is decoded
    return undefined;
  },
});

function busy(activity: Activity): void {
  stage.activity = status.busy(activity);
}

function setLook(change: Partial<Look>): void {
  look = { ...look, ...change };
  client.send({ type: "look", look });
}

function onCamera(running: boolean): void {
  status.live = running;
  if (!running) return;
  teach.close();
  gallery.leave();
  writeAddress({ sample: undefined });
  shown = undefined;
  requested = undefined;
}

function segment(picture: Blob | ImageBitmap, name: string): void {
  const isFrame = picture instanceof ImageBitmap;
  if (!isFrame) stage.setPending(true);
  lastId++;
  awaitedId = lastId;
  client.send({ type: "segment", id: lastId, picture, name, side: chosenSide() }, isFrame ? [picture] : []);
}

function show(chosen: GalleryPicture): void {
  camera.stop();
  status.clear();
  URL.revokeObjectURL(objectUrl);
  objectUrl = URL.createObjectURL(chosen.picture);
  stage.setPicture(objectUrl);
  requested = chosen;
  segment(chosen.picture, chosen.name);
}

function onReply(reply: Reply): void {
  switch (reply.type) {
    case "progress":
      if (camera.running && reply.done === undefined) return; // frames would make the line flicker
      stage.setPending(true);
      return busy(reply);
    case "ready":
      return onReady(reply);
    case "picture":
      return onPicture(reply);
    case "segmented":
      return onSegmented(reply);
    case "probed":
      stage.showReadings(reply.x, reply.y, reply.colour, reply.readings);
      return probes.answered();
    case "saved":
      return saveFile(reply.name, reply.blob);
    case "teach":
      return teach.onReply(reply.reply);
    case "explained":
      return void figure.show(reply, classNames);
    case "failed":
      return onFailed(reply);
    case "lost":
      probes.reset();
      stage.setPending(true);
      return busy({ text: "The GPU was lost; opening it again" });
    case "recovered":
      status.idle("The GPU was lost and is back");
      return void camera.next(); // the frame that was lost with it will have no labels
    case "fatal":
      return showFatal(status, reply, network !== undefined);
  }
}

function onReady({ adapter, network: loaded }: Extract<Reply, { type: "ready" }>): void {
  network = loaded;
  classNames = network.classNames.map(readableName);
  choice.used(network);
  showNetwork(network);
  times.reset();
  stage.setNetworks(network.variants, adapter.drawing, classNames);
  byId("adapter", HTMLElement).textContent = adapterWords(adapter);
  stage.setView(offerViews(network.variants.length, readAddress().view, onView));
  saving.offer(network.variants);
  teach.enable();
  if (lastId > 0) return;
  stage.setPending(false);
  status.idle("Ready: open a picture");
}

/** Shows the view that the address asks for. */
function applyAddress(): PageState {
  const state = readAddress();
  stage.wantedSides = state;
  stage.setView(offerViews(network?.variants.length ?? 3, state.view, onView));
  return state;
}

function onView(view: View): void {
  stage.setView(view);
  writeAddress({ view: view === "grid" ? undefined : view });
}

function onPicture(picture: PictureOnShow): void {
  const { id } = picture;
  shownId = id;
  savedSize = picture.saved;
  if (id === lastId && !camera.running) {
    shown = requested;
    gallery.confirm();
    writeAddress({ sample: shown?.sample });
  }
  if (shown) teach.show(paintedPicture(shown));
  stage.setSize(picture);
}

function onSegmented(result: Segmented): void {
  if (result.id !== awaitedId) return;
  stage.setPending(false);
  stage.show(result);
  legend.show(result, classNames);
  times.show(result, camera.running);
  status.idle(`${result.width} × ${result.height} pixels in ${formatRoughly(result.total)}`);
  saving.enable(savedSize);
  figure.changed(camera.running);
  void camera.next();
}

function onFailed({ what, message, id }: Extract<Reply, { type: "failed" }>): void {
  if (what === "explain") return figure.fail(message);
  // What came after that picture goes on.
  if (what === "save" || what === "probe" || (id !== undefined && id !== awaitedId)) return status.fail(message);
  camera.stop();
  stage.setPending(false);
  status.idle("Ready");
  // The picture and the weights before them stay, unless a picture opened with that one can be shown.
  if (id !== undefined) {
    awaitedId = shownId;
    gallery.revert();
  }
  status.fail(message); // not before the next picture has taken away what was said
  if (what === "load") choice.refused();
  if (network) showPrecision(network);
}

connectSources({
  pictures: (files) => gallery.add(files),
  checkpoint: (file) => choice.load({ kind: "file", file }),
  noFile: (sentence) => status.fail(sentence),
});
connectLook({ look: setLook, stage });
byId("side", HTMLSelectElement).addEventListener("change", () => shown && segment(shown.picture, shown.name));
addEventListener("hashchange", () => {
  const { sample } = applyAddress();
  if (sample !== undefined && sample !== shown?.sample && gallery.isSample(sample)) gallery.chooseSample(sample);
});

if (!("gpu" in navigator) || !navigator.gpu) showNoWebGpu(status);
else {
  const { sample } = applyAddress();
  void choice.start();
  gallery.chooseSample(sample);
}
