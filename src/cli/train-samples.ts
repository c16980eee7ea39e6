/** The pictures of a training in memory: decoded when they are needed, the least recently used ones forgotten. */
import { readLabelFile, readPictureFile } from "../image/decode.js";
import type { LabelMeaning } from "../image/label-meaning.js";
import { VOID_LABEL } from "../image/palette.js";
import type { TrainingSample } from "../train/sample.js";
import type { DatasetItem } from "./datasets.js";

/** A picture, with labels where it has a label map. */
export interface ReadSample extends Omit<TrainingSample, "labels"> {
  readonly labels?: Uint8Array;
}

/** Bytes of decoded pictures that are kept. */
const KEPT_BYTES = 1e9;

const bytesOf = ({ picture, labels }: ReadSample): number => picture.data.byteLength + (labels?.byteLength ?? 0);

export class SampleReader {
  /** Values of label maps that no class has, with their pixels. Counted at the first read of each picture. */
  readonly outside = new Map<number, number>();
  /** Pixels of all label maps that were read. */
  pixels = 0;
  /** The highest label that a class has; -1 before a picture was read. */
  highest = -1;
  /** "480x640" by the key of each picture that was read. */
  readonly sizes = new Map<string, string>();
  /** In order of use. */
  readonly #kept = new Map<string, Promise<ReadSample>>();
  /** Bytes of those that are decoded. */
  readonly #decoded = new Map<string, number>();
  #bytes = 0;

  constructor(
    private readonly meaning: LabelMeaning,
    /** How many there are; 255 where the label maps are to say it. */
    private readonly classes: number,
    private readonly keptBytes = KEPT_BYTES,
  ) {}

  /** @throws bad-image */
  read(item: DatasetItem): Promise<ReadSample> {
    const kept = this.#kept.get(item.key);
    if (kept) {
      this.#kept.delete(item.key);
      this.#kept.set(item.key, kept);
      return kept;
    }
    const reading = this.#decode(item);
    this.#kept.set(item.key, reading);
    reading.then(
      (sample) => this.#keep(item.key, sample),
      () => this.#kept.delete(item.key),
    );
    return reading;
  }

  /** Begins to read what will be needed. Errors come with read(). */
  prefetch(items: readonly DatasetItem[]): void {
    for (const item of items) this.read(item).catch(() => undefined);
  }

  async #decode({ key, picture: path, label }: DatasetItem): Promise<ReadSample> {
    const picture = await readPictureFile(path);
    const isFirst = !this.sizes.has(key);
    this.sizes.set(key, `${picture.height}x${picture.width}`);
    if (label === undefined) return { name: key, picture };
    const rules = { ...this.meaning, classes: this.classes };
    const { labels, outside } = await readLabelFile(label, picture, rules);
    for (let i = 0; i < labels.length; i++) {
      const value = labels[i] as number;
      if (value >= this.classes) labels[i] = VOID_LABEL;
      else this.highest = Math.max(this.highest, value);
    }
    if (isFirst) this.#count(outside, labels.length);
    return { name: key, picture, labels };
  }

  #count(outside: readonly number[], pixels: number): void {
    this.pixels += pixels;
    for (let i = 0; i < outside.length; i += 2) {
      const [value, count] = [outside[i] as number, outside[i + 1] as number];
      this.outside.set(value, (this.outside.get(value) ?? 0) + count);
    }
  }

  #keep(key: string, sample: ReadSample): void {
    this.#decoded.set(key, bytesOf(sample));
    this.#bytes += bytesOf(sample);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.keptBytes) return;
      const bytes = this.#decoded.get(oldest);
      if (bytes === undefined) continue; // it is being read
      this.#kept.delete(oldest);
      this.#decoded.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}
