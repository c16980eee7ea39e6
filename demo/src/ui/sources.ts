/**
 * Where pictures and checkpoints come from: samples, chosen files, and files dropped or pasted. The extension tells
 * whether a dropped or pasted file is a checkpoint.
 */
import { byId, element } from "./elements.js";

export interface Sample {
  readonly name: string;
  readonly url: string;
}

export const SAMPLE_PICTURES: readonly Sample[] = [
  { name: "astronaut", url: new URL("../../../samples/photographs/astronaut.png", import.meta.url).href },
  { name: "coffee", url: new URL("../../../samples/photographs/coffee.png", import.meta.url).href },
  { name: "cat", url: new URL("../../../samples/photographs/chelsea.png", import.meta.url).href },
];

export interface SourceEvents {
  sample(sample: Sample): void;
  picture(file: File): void;
  checkpoint(file: File): void;
  /** Something without a file was dropped or pasted. */
  noFile(sentence: string): void;
}

const isCheckpoint = (file: File): boolean => /\.(safetensors|pth|pt|bin|ckpt)$/i.test(file.name);

export function connectSources(events: SourceEvents): void {
  byId("samples", HTMLElement).replaceChildren(...SAMPLE_PICTURES.map((sample) => sampleButton(sample, events)));
  connectChooser("open", (file) => events.picture(file));
  connectChooser("checkpoint", (file) => events.checkpoint(file));
  const openAny = (data: DataTransfer | null, sentenceWithoutFile: string): void => {
    const file = data?.files[0];
    if (!file) events.noFile(sentenceWithoutFile);
    else if (isCheckpoint(file)) events.checkpoint(file);
    else events.picture(file);
  };
  document.addEventListener("paste", (event) =>
    openAny(event.clipboardData, "The clipboard holds no picture: copy one, or a file, and paste again."),
  );
  connectDrops((data) =>
    openAny(data, "The dropped item is not a file: save the picture first, or copy and paste it."),
  );
}

function sampleButton(sample: Sample, events: SourceEvents): HTMLButtonElement {
  const image = element("img");
  Object.assign(image, { src: sample.url, alt: "", width: 64, height: 40 });
  const button = element("button", "sample", image);
  const title = `Sample: ${sample.name}`;
  button.type = "button";
  button.title = title;
  button.setAttribute("aria-label", title);
  button.dataset.sample = sample.name;
  button.addEventListener("click", () => events.sample(sample));
  return button;
}

function connectChooser(id: string, onFile: (file: File) => void): void {
  const input = byId(id, HTMLInputElement);
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) onFile(file);
    input.value = ""; // so that choosing the same file again is a change
  });
}

/** Shows a veil over the page while files are dragged over it. */
function connectDrops(onDrop: (data: DataTransfer | null) => void): void {
  let depth = 0; // every child fires dragenter and dragleave too
  const setDepth = (value: number): void => {
    depth = Math.max(0, value);
    document.body.classList.toggle("dropping", depth > 0);
  };
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragenter", (event) => hasFiles(event) && setDepth(depth + 1));
  document.addEventListener("dragleave", (event) => hasFiles(event) && setDepth(depth - 1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    setDepth(0);
    onDrop(event.dataTransfer);
  });
}

/** Marks this sample as the picture on show; undefined marks none. */
export function markSample(name: string | undefined): void {
  for (const button of byId("samples", HTMLElement).querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(button.dataset.sample === name));
}
