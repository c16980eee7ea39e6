/** How long a picture took: in a line, and stage by stage. */
import { PREPARE_STAGE } from "../messages.js";
import type { Segmented } from "../messages.js";
import { byId, element } from "./elements.js";
import { formatDuration, formatRoughly } from "./format.js";

/** Frames of the camera over which its pace is taken. */
const FRAMES = 8;

type Times = Pick<Segmented, "total" | "prepared" | "times">;

export class TimeLine {
  readonly #line = byId("time-line", HTMLElement);
  readonly #details = byId("time-details", HTMLDetailsElement);
  /** The first picture with these weights. */
  #first: Times | undefined;
  /** When the last frames came, in milliseconds of the page's clock. */
  #frames: number[] = [];

  /** Other weights are used. */
  reset(): void {
    this.#first = undefined;
    this.#frames = [];
  }

  show(result: Times, isFrame: boolean): void {
    this.#first ??= result;
    this.#details.hidden = false;
    this.#line.classList.remove("empty");
    this.#frames = isFrame ? [...this.#frames, performance.now()].slice(-FRAMES) : [];
    this.#line.textContent = this.#frames.length > 1 ? this.#pace() : this.#sentence(result);
    showStages(result);
  }

  #sentence({ total, prepared }: Times): string {
    const { total: firstTotal, prepared: firstPrepared } = this.#first ?? { total, prepared };
    const warm = formatRoughly(total - prepared);
    if (firstPrepared === 0) return `${warm} a picture.`;
    const preparation = `${formatRoughly(firstPrepared)} of it for preparation`;
    return `${warm}; the first picture took ${formatRoughly(firstTotal)}, ${preparation}.`;
  }

  #pace(): string {
    const [from = 0] = this.#frames;
    const each = ((this.#frames.at(-1) ?? 0) - from) / (this.#frames.length - 1);
    return `${(1000 / each).toPrecision(2)} pictures a second.`;
  }
}

function showStages({ times, total }: Times): void {
  const longest = Math.max(...times.map(({ ms }) => ms));
  const rows = times
    .filter(({ name, ms }) => ms > 0 || name !== PREPARE_STAGE)
    .map(({ name, ms }) => {
      const bar = element("span", "bar");
      bar.style.setProperty("--share", String(ms / longest));
      return timeRow(name, ms, bar);
    });
  byId("times", HTMLTableElement).replaceChildren(
    element("tbody", "", ...rows),
    element("tfoot", "", timeRow("Total", total)),
  );
}

function timeRow(name: string, ms: number, ...bar: HTMLElement[]): HTMLTableRowElement {
  const head = element("th", "", name);
  head.scope = "row";
  return element("tr", "", head, element("td", "length", ...bar), element("td", "", formatDuration(ms)));
}
