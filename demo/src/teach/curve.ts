/** The loss over the steps of a training, as a small graph. Steps see different views, so it shows a running mean. */
import { element } from "../ui/elements.js";
import type { TeachStep } from "./messages.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 280;
const HEIGHT = 72;
/** Below this the graph shows no difference. */
const LEAST = 1e-3;
/** Steps of the running mean. */
const WINDOW = 6;

export class LossCurve {
  readonly #line = document.createElementNS(SVG, "polyline");
  readonly #area = document.createElementNS(SVG, "polygon");
  readonly #svg = document.createElementNS(SVG, "svg");
  readonly #text = element("span", "unit");
  readonly root = element("figure", "teach-curve");
  #steps: number[] = [];
  /** The running mean. */
  #losses: number[] = [];
  #drawing = false;

  constructor() {
    this.#svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("role", "img");
    this.#svg.append(this.#area, this.#line);
    const caption = element("figcaption", "", element("span", "", "Loss"), this.#text);
    this.root.append(caption, this.#svg);
    this.clear();
  }

  clear(): void {
    this.#steps = [];
    this.#losses = [];
    this.root.hidden = true;
  }

  /** Adds a step. All steps of a frame are drawn at once. */
  add({ loss, seconds }: TeachStep): void {
    this.#steps.push(loss);
    const recent = this.#steps.slice(-WINDOW);
    const mean = recent.reduce((sum, value) => sum + value, 0) / recent.length;
    this.#losses.push(mean);
    this.root.hidden = false;
    this.#text.textContent = `${formatLoss(mean)} after ${this.#losses.length} steps, ${seconds.toFixed(1)}\u00a0s`;
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  get steps(): number {
    return this.#steps.length;
  }

  /** For a person who does not see the graph. */
  get #description(): string {
    const first = this.#losses[0] ?? 0;
    const last = this.#losses.at(-1) ?? 0;
    return `The loss went from ${formatLoss(first)} to ${formatLoss(last)} in ${this.#losses.length} steps.`;
  }

  /** On a logarithmic scale from the largest loss to the smallest. */
  #draw(): void {
    this.#svg.setAttribute("aria-label", this.#description);
    const heights = this.#losses.map((loss) => Math.log(Math.max(loss, LEAST)));
    const top = Math.max(...heights);
    const bottom = Math.min(...heights, top - 1);
    const points = heights.map((value, i) => {
      const x = (i / Math.max(1, heights.length - 1)) * WIDTH;
      const y = 2 + ((top - value) / (top - bottom)) * (HEIGHT - 4);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    this.#line.setAttribute("points", points.join(" "));
    this.#area.setAttribute("points", `0,${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`);
  }
}

function formatLoss(loss: number): string {
  if (loss < 0.0005) return "under 0.001";
  return loss.toFixed(3);
}
