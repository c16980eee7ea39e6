/** The section "Network": the checkpoint, its notice and the precision. */
import type { PrecisionOption } from "fcn-webgpu";
import { networkWords } from "../adapter-words.js";
import type { NetworkInfo } from "../messages.js";
import { weightsTitle } from "../weights-title.js";
import { byId, movingFocus } from "./elements.js";

const PRECISIONS = ["auto", "f32", "f16"] as const satisfies readonly PrecisionOption[];
const BUILT_IN_NOTICE =
  "These weights know photographs of persons, animals, vehicles and furniture: PASCAL VOC's 20 classes. " +
  "They label everything else as the nearest class or as background.";

export const chosenPrecision = (): PrecisionOption =>
  PRECISIONS.find((option) => byId(option, HTMLInputElement).checked) ?? "auto";

/** Sets the choice to the precision in use. "Auto" adds what it stands for on this device. */
export function showPrecision({ precision, stored }: NetworkInfo): void {
  byId(precision, HTMLInputElement).checked = true;
  byId("auto-text", HTMLElement).textContent = precision === "auto" ? `Auto (${stored})` : "Auto";
}

export function showNetwork(network: NetworkInfo): void {
  const builtIn = network.weights.kind === "built-in";
  showPrecision(network);
  byId("network-name", HTMLElement).textContent = weightsTitle(network.weights) ?? "Built-in weights";
  byId("network-description", HTMLElement).textContent = networkWords(network.description);
  const notice = byId("notice", HTMLElement);
  notice.textContent = network.notice ?? (builtIn ? BUILT_IN_NOTICE : "");
  notice.hidden = notice.textContent === "";
  const builtInButton = byId("default", HTMLButtonElement);
  movingFocus(builtInButton, byId("weights-open", HTMLButtonElement), () => (builtInButton.hidden = builtIn));
}
