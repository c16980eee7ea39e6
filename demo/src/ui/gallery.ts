/** The row of pictures to choose from: the samples, then those that a person opened. */
import thumbnails from "virtual:thumbnails";
import { errorText } from "../error-text.js";
import { served } from "../served.js";
import { byId, element, movingFocus } from "./elements.js";

interface Entry {
  readonly name: string;
  /** Of a sample. */
  readonly url: string | undefined;
  /** A sample's when it was fetched. */
  blob: Blob | undefined;
  readonly button: HTMLButtonElement;
}

export interface GalleryPicture {
  readonly picture: Blob;
  readonly name: string;
  /** Name of the sample, if it is one. */
  readonly sample: string | undefined;
}

export interface GalleryEvents {
  chosen(picture: GalleryPicture): void;
  failed(sentence: string): void;
}

const SAMPLES: readonly { readonly name: string; readonly url: string }[] = [
  { name: "astronaut", url: new URL("../../../samples/photographs/astronaut.png", import.meta.url).href },
  { name: "coffee", url: new URL("../../../samples/photographs/coffee.png", import.meta.url).href },
  { name: "cat", url: new URL("../../../samples/photographs/chelsea.png", import.meta.url).href },
];
/** Pictures of one's own that are kept, with the one on show. */
const MOST_OWN = 24;

export class Gallery {
  readonly #events: GalleryEvents;
  readonly #row = byId("samples", HTMLElement);
  #entries: Entry[] = [];
  /** Counts choices: of two in a row, the picture of the first may arrive last. */
  #choices = 0;
  /** The picture on show. */
  #shown: Entry | undefined;
  #chosen: Entry | undefined;
  /** Opened together with the chosen one, after it. */
  #following: readonly Entry[] = [];

  constructor(events: GalleryEvents) {
    this.#events = events;
    for (const { name, url } of SAMPLES)
      this.#addEntry(name, thumbnails[name] ?? url, url).button.dataset.sample = name;
  }

  /** The sample of this name, or the first one. */
  chooseSample(name: string | undefined): void {
    const samples = this.#entries.filter(({ url }) => url !== undefined);
    const found = samples.find((sample) => sample.name === name) ?? samples[0];
    if (found) void this.#choose(found);
  }

  isSample(name: string | undefined): boolean {
    return SAMPLES.some((sample) => sample.name === name);
  }

  /** Adds pictures of one's own, as many as are kept, and shows the first of them that can be shown. */
  add(files: readonly File[]): void {
    const opened = files.slice(0, MOST_OWN);
    const added = opened.map((file) => this.#addEntry(file.name, URL.createObjectURL(file), undefined, file));
    this.#removeOldest(added);
    this.#chooseFirst(added);
    // After the choice, which takes away what was said before.
    if (opened.length < files.length)
      this.#events.failed(`${opened.length} of ${files.length} pictures were opened: the page keeps no more.`);
  }

  #chooseFirst([first, ...following]: readonly Entry[]): void {
    if (first) void this.#choose(first, following);
  }

  /** Removes pictures of one's own beyond those that are kept, but not the one on show and not these. */
  #removeOldest(but: readonly Entry[]): void {
    const own = this.#entries.filter(({ url }) => url === undefined);
    const removable = own.filter((entry) => entry !== this.#shown && !but.includes(entry));
    for (const old of removable.slice(0, Math.max(0, own.length - MOST_OWN))) this.#remove(old);
  }

  /** The picture that was chosen last is on show. */
  confirm(): void {
    this.#shown = this.#chosen;
    this.#removeOldest([]);
    this.#mark(this.#shown);
  }

  /** The picture that was chosen last cannot be shown: the next of those opened with it is tried, or what was stays. */
  revert(): void {
    const failed = this.#chosen;
    const following = this.#following.filter((entry) => this.#entries.includes(entry));
    this.#chosen = this.#shown;
    if (failed && failed !== this.#shown && failed.url === undefined) this.#remove(failed);
    this.#mark(this.#shown);
    this.#chooseFirst(following);
  }

  /** The camera's picture is on show. */
  leave(): void {
    this.#choices++;
    this.#shown = undefined;
    this.#chosen = undefined;
    this.#mark(undefined);
  }

  async #choose(entry: Entry, following: readonly Entry[] = []): Promise<void> {
    const choice = ++this.#choices;
    this.#following = following;
    try {
      const picture = entry.blob ?? (await fetchBlob(entry.url ?? ""));
      entry.blob = picture;
      if (choice !== this.#choices) return;
      this.#chosen = entry;
      this.#mark(entry);
      const sample = entry.url === undefined ? undefined : entry.name;
      this.#events.chosen({ picture, name: sample ? `${sample}.png` : entry.name, sample });
    } catch (error) {
      if (choice === this.#choices)
        this.#events.failed(`The sample "${entry.name}" could not be loaded: ${errorText(error)}`);
    }
  }

  #mark(shown: Entry | undefined): void {
    for (const entry of this.#entries) entry.button.setAttribute("aria-pressed", String(entry === shown));
    shown?.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #addEntry(name: string, thumbnail: string, url: string | undefined, blob?: Blob): Entry {
    const image = Object.assign(element("img"), { src: thumbnail, alt: "", width: 64, height: 40, decoding: "async" });
    const button = element("button", "sample", image);
    const title = url === undefined ? name : `Sample: ${name}`;
    Object.assign(button, { type: "button", title, ariaLabel: title, ariaPressed: "false" });
    const entry: Entry = { name, url, blob, button };
    button.addEventListener("click", () => void this.#choose(entry));
    // Of a file that is no picture. The chosen one is refused in a sentence.
    image.addEventListener(
      "error",
      () => blob && entry !== this.#chosen && entry !== this.#shown && this.#remove(entry),
    );
    this.#entries.push(entry);
    this.#row.append(button);
    return entry;
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    movingFocus(entry.button, this.#shown?.button, () => entry.button.remove());
    const image = entry.button.querySelector("img");
    if (image) URL.revokeObjectURL(image.src);
  }
}

async function fetchBlob(url: string): Promise<Blob> {
  const response = await served(fetch(url));
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.blob();
}
