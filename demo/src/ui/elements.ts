/** Finds and makes elements. */

/** The element of index.html with this id. @throws Error if it is missing or of another type */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return found;
}

/** Does what may hide, disable or remove `part`; the focus that it had then goes to an element that stays. */
export function movingFocus(part: HTMLElement, to: HTMLElement | null | undefined, act: () => void): void {
  const hadFocus = part.contains(document.activeElement);
  act();
  const isOff = part instanceof HTMLButtonElement && part.disabled;
  if (hadFocus && (isOff || part.hidden || !part.isConnected)) to?.focus({ preventScroll: true });
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
