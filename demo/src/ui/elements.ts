/** The page's elements by id, with their types checked once. */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return found;
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

/** "fcn8s" as people write it. */
export const titleOf = (variant: string): string =>
  variant.replace(/^fcn(\d+s)$/, "FCN-$1").replace(/^fcn-resnet101$/, "FCN, dilated ResNet-101");

/** What tells the variants apart, in a word or two. */
export const strideOf = (variant: string): string =>
  /^fcn(\d+)s$/.exec(variant)?.[1]?.replace(/$/, " px stride") ?? "8 px stride";

export function percent(share: number): string {
  if (share > 0 && share < 0.001) return "<0.1 %";
  return share < 1 && share > 0.9995 ? ">99.9 %" : `${(share * 100).toFixed(1)} %`;
}
