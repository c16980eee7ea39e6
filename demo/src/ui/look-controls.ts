/** The controls of how pictures are drawn. */
import type { Look, Side } from "../messages.js";
import type { Stage } from "../stage/stage.js";
import { byId } from "./elements.js";

export interface LookEvents {
  look(change: Partial<Look>): void;
  readonly stage: Stage;
}

export function connectLook({ stage, ...events }: LookEvents): void {
  const look = (change: Partial<Look>): void => events.look(change);
  const opacity = byId("opacity", HTMLInputElement);
  opacity.addEventListener("input", () => {
    byId("opacity-value", HTMLOutputElement).value = `${opacity.value} %`;
    look({ opacity: opacity.valueAsNumber / 100 });
  });
  const onCheck = (id: string, act: (checked: boolean) => void): HTMLInputElement => {
    const box = byId(id, HTMLInputElement);
    box.addEventListener("input", () => act(box.checked));
    return box;
  };
  const controls = [
    opacity,
    onCheck("grey", (grey) => look({ grey })),
    onCheck("names", (checked) => (stage.hasNames = checked)),
    onCheck("loupe", (checked) => (stage.hasLoupe = checked)),
  ];
  // After a step back in its history the browser sets controls as they were. Some browsers do so after a reload, too.
  addEventListener("pageshow", () => controls.forEach((control) => control.dispatchEvent(new Event("input"))));
  connectJump();
}

/** The link to the explanation moves there without changing the address, which holds the state of the page. */
function connectJump(): void {
  const target = byId("how", HTMLElement);
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[href="#how"]'))
    link.addEventListener("click", (event) => {
      event.preventDefault();
      target.scrollIntoView();
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    });
}

export function chosenSide(): Side {
  const { value } = byId("side", HTMLSelectElement);
  return value === "auto" || value === "full" ? value : Number(value);
}
