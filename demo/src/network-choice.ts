/** Which weights are used at which precision. */
import { fetchBuiltIn } from "./built-in.js";
import { errorText } from "./error-text.js";
import type { Activity, ChosenWeights, Drawing, NetworkInfo, Request } from "./messages.js";
import { servedPart } from "./served-part.js";
import { served } from "./served.js";
import { byId } from "./ui/elements.js";
import { chosenPrecision } from "./ui/network-panel.js";
import type { WeightsPanel } from "./weights/weights-panel.js";
import { weightsKey } from "./weights-title.js";

export interface NetworkChoiceEvents {
  send(request: Request): void;
  busy(activity: Activity): void;
  /** Other weights were asked for. */
  changed(): void;
  failed(sentence: string): void;
  readonly drawing: Drawing;
}

const BUILT_IN: ChosenWeights = { kind: "built-in" };

export class NetworkChoice {
  readonly #events: NetworkChoiceEvents;
  readonly #opener = byId("weights-open", HTMLButtonElement);
  /** Those in use, and those that were asked for last. */
  #used: ChosenWeights | undefined;
  #asked = BUILT_IN;
  /** What a person chose, until it is kept for the next visit. */
  #toKeep: ChosenWeights | undefined;
  #panel: WeightsPanel | undefined;
  /** While the weights that ship are on their way to the page. */
  #fetching: AbortController | undefined;

  constructor(events: NetworkChoiceEvents) {
    this.#events = events;
    byId("default", HTMLButtonElement).addEventListener("click", () => this.load(BUILT_IN));
    byId("precision", HTMLFieldSetElement).addEventListener("change", () => this.#ask(this.#asked));
    this.#opener.addEventListener("click", () => void this.#toggle());
  }

  /** Opens the GPU, and loads the weights that ship. */
  async start(): Promise<void> {
    this.#events.send({ type: "open", drawing: this.#events.drawing });
    const fetching = new AbortController();
    this.#fetching = fetching;
    const blob = await fetchBuiltIn(
      (done, total) => this.#events.busy({ text: "Loading the weights", done, total, bytes: true }),
      fetching.signal,
    );
    if (fetching.signal.aborted) return;
    this.#fetching = undefined;
    this.#send({ kind: "built-in", blob }); // nobody asked for another network, so alerts stay
  }

  /** Those that a person chose. */
  load(weights: ChosenWeights): void {
    this.#toKeep = weights.kind === "built-in" ? undefined : weights;
    this.#ask(weights);
  }

  #ask(weights: ChosenWeights): void {
    this.#events.changed();
    this.#send(weights);
  }

  #send(weights: ChosenWeights): void {
    this.#asked = weights;
    if (this.#fetching && weights.kind === "built-in") return; // start() will load them, at the precision chosen then
    this.#fetching?.abort();
    this.#fetching = undefined;
    this.#events.send({
      ...{ type: "load", weights, precision: chosenPrecision(), drawing: this.#events.drawing },
    });
  }

  /** They are loaded. */
  used({ weights }: NetworkInfo): void {
    this.#used = weights;
    if (!this.#toKeep || weightsKey(this.#toKeep) !== weightsKey(weights)) return;
    this.#toKeep = undefined; // another precision, or a GPU that is back, does not undo "Remove"
    void this.#keep(weights);
  }

  /** For the next visit. */
  async #keep(weights: ChosenWeights): Promise<void> {
    try {
      const { keepWeights } = await served(import("./weights/kept.js"));
      await keepWeights(weights);
      await this.#panel?.refresh();
    } catch (error) {
      this.#events.failed(`The weights are used, but not kept for the next visit: ${errorText(error)}`);
    }
  }

  /** What was asked for last is not to be had. */
  refused(): void {
    this.#toKeep = undefined;
    if (this.#used) this.#asked = this.#used;
    else this.#send(BUILT_IN); // there is no network yet
  }

  async #toggle(): Promise<void> {
    try {
      if (!this.#panel) {
        const { WeightsPanel } = await servedPart(import("./weights/weights-panel.js"));
        this.#panel = new WeightsPanel(
          (weights) => this.load(weights),
          (sentence) => this.#events.failed(sentence),
        );
      }
      const isOpen = this.#opener.getAttribute("aria-expanded") !== "true";
      this.#opener.setAttribute("aria-expanded", String(isOpen));
      await this.#panel.show(isOpen);
    } catch (error) {
      this.#events.failed(`Other weights cannot be chosen now: ${errorText(error)}`);
    }
  }
}
