/** Where pictures come from: samples, a file chosen, dropped or pasted, and the camera. Dropped checkpoints are told apart by name. */
import { byId, element } from "./elements.js";

export interface Sample {
  readonly name: string;
  readonly url: string;
}

export const SAMPLES: readonly Sample[] = [
  { name: "street", url: new URL("../../../samples/street.png", import.meta.url).href },
  { name: "farm", url: new URL("../../../samples/farm.png", import.meta.url).href },
  { name: "living room", url: new URL("../../../samples/living-room.png", import.meta.url).href },
  { name: "bird", url: new URL("../../../samples/bird.png", import.meta.url).href },
];

export interface SourceEvents {
  sample(sample: Sample): void;
  picture(file: File): void;
  checkpoint(file: File): void;
  /** What was dropped or pasted holds no file. */
  nothing(sentence: string): void;
}

const isCheckpoint = (file: File): boolean => /\.(safetensors|pth|pt|bin|ckpt)$/i.test(file.name);

export function connectSources(events: SourceEvents): void {
  const take = (file: File | undefined, otherwise: string): void => {
    if (!file) events.nothing(otherwise);
    else if (isCheckpoint(file)) events.checkpoint(file);
    else events.picture(file);
  };
  byId("samples", HTMLElement).replaceChildren(
    ...SAMPLES.map((sample) => {
      const image = element("img");
      Object.assign(image, { src: sample.url, alt: "", width: 64, height: 40 });
      const button = element("button", "sample", image);
      button.type = "button";
      button.title = `Sample: ${sample.name}`;
      button.setAttribute("aria-label", `Sample: ${sample.name}`);
      button.dataset.sample = sample.name;
      button.addEventListener("click", () => events.sample(sample));
      return button;
    }),
  );
  for (const id of ["open", "checkpoint"]) {
    const input = byId(id, HTMLInputElement);
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file && id === "open") events.picture(file);
      else if (file) events.checkpoint(file);
      input.value = ""; // the same file may be chosen again
    });
  }
  document.addEventListener("paste", (event) =>
    take(event.clipboardData?.files[0], "The clipboard holds no picture: copy one, or a file, and paste again."),
  );
  connectDrops(take);
}

function connectDrops(take: (file: File | undefined, otherwise: string) => void): void {
  let depth = 0; // dragenter and dragleave also come from every child
  const veil = (delta: number): void => {
    depth = Math.max(0, depth + delta);
    document.body.classList.toggle("dropping", depth > 0);
  };
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragenter", (event) => hasFiles(event) && veil(1));
  document.addEventListener("dragleave", (event) => hasFiles(event) && veil(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    veil(-depth);
    take(event.dataTransfer?.files[0], "What was dropped is no file: save the picture first, or copy and paste it.");
  });
}

/** Marks the sample on show, if it is one. */
export function markSample(name: string | undefined): void {
  for (const button of byId("samples", HTMLElement).querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(button.dataset.sample === name));
}
