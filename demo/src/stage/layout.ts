/** How panels of one shape are laid out so that they are as large as the window allows. */

import type { LensSize } from "../messages.js";

export interface Room {
  readonly width: number;
  readonly height: number;
  /** Space between panels, and height of what stands below each. */
  readonly gap: number;
  readonly caption: number;
}

export interface PanelLayout {
  readonly columns: number;
  /** Of a picture. */
  readonly width: number;
}

/**
 * Of the loupes: a share of a panel's shorter side, and limits of it in CSS pixels; the most that they show, in pixels
 * of the picture, and how much they enlarge at least.
 */
const LENS = { share: 0.48, least: 84, most: 176, reach: 64, factor: 1.5 } as const;
/** Height of a caption, and space below the panels, in CSS pixels. */
const CAPTION = 32;
const BELOW = 40;
/** How much larger pictures must be for results to go below them. */
const CLEARLY = 1.08;

/** Below this height pictures are too small to compare: the page scrolls instead. */
const LEAST_HEIGHT = 150;

/**
 * @param count of the panels
 * @param ratio width over height of the picture
 */
export function panelLayout(count: number, ratio: number, room: Room): PanelLayout {
  const choices = [...new Set([count, Math.ceil(count / 2)])].map((columns) => {
    const rows = Math.ceil(count / columns);
    const across = (room.width - room.gap * (columns - 1)) / columns;
    const down = (room.height - room.gap * (rows - 1)) / rows - room.caption;
    return { columns, width: Math.min(across, Math.max(down, LEAST_HEIGHT) * ratio) };
  });
  return choices.reduce((best, next) => (next.width > best.width ? next : best));
}

export interface FittedPanels {
  /** How many there are side by side, and in this view. */
  readonly all: number;
  readonly shown: number;
  /** The picture's. */
  readonly width: number;
  readonly height: number;
}

/**
 * Sets the size of the panels and loupes of `root`, and whether the results stand beside them or below.
 * @returns the size of the loupes
 */
export function fitPanels(root: HTMLElement, { all, shown, width, height }: FittedPanels): LensSize {
  const gap = Number.parseFloat(getComputedStyle(root).columnGap) || 0;
  const ratio = width / height;
  const isPhone = matchMedia("(max-width: 40rem)").matches;
  chooseSides(all, ratio, gap);
  const room = root.parentElement?.clientWidth ?? 0;
  const layout = panelLayout(shown, ratio, roomOf(root, room, gap));
  // A phone scrolls: two in a row, as wide as it is.
  const columns = isPhone ? Math.min(2, shown) : layout.columns;
  const panel = Math.max(1, isPhone ? (room - gap * (columns - 1)) / columns : layout.width);
  const shorter = Math.min(panel, panel / ratio);
  const side = Math.max(1, Math.round(Math.min(LENS.most, Math.max(LENS.least, LENS.share * shorter), shorter)));
  root.style.setProperty("--columns", String(columns));
  root.style.setProperty("--panel", `${Math.floor(panel)}px`);
  root.style.setProperty("--lens", `${side}px`);
  return { side: Math.max(1, Math.round(side * devicePixelRatio)), reach: reachOf(side, panel / width) };
}

/** Pixels that a loupe of `side` shows: two cells of stride 32, or less where these would not look enlarged. */
function reachOf(side: number, scale: number): number {
  const enlarged = 2 * Math.round(side / (2 * LENS.factor * scale));
  return Math.min(LENS.reach, Math.max(LENS.reach / 2, enlarged));
}

function roomOf(root: HTMLElement, width: number, gap: number): Room {
  const top = root.getBoundingClientRect().top + scrollY;
  return { width, height: innerHeight - top - BELOW, gap, caption: CAPTION };
}

/** Results go below the pictures where that makes pictures clearly larger: four upright ones need the width. */
function chooseSides(all: number, ratio: number, gap: number): void {
  const main = document.querySelector("main");
  const root = document.getElementById("panels");
  if (!main || !root) return;
  const isWide = matchMedia("(min-width: 64.01rem)").matches;
  const widthAt = (isBelow: boolean): number => {
    main.classList.toggle("side-below", isBelow);
    return panelLayout(all, ratio, roomOf(root, root.parentElement?.clientWidth ?? 0, gap)).width;
  };
  const [below, beside] = [widthAt(true), widthAt(false)];
  main.classList.toggle("side-below", isWide && below > beside * CLEARLY);
}

/** Width and height of an element in device pixels. */
export function deviceSize({ devicePixelContentBoxSize, contentRect }: ResizeObserverEntry): [number, number] {
  const box = devicePixelContentBoxSize?.[0]; // some browsers lack it
  const width = box?.inlineSize ?? contentRect.width * devicePixelRatio;
  const height = box?.blockSize ?? contentRect.height * devicePixelRatio;
  return [Math.round(width), Math.round(height)];
}
