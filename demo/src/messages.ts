/** What the page and its worker say to each other. Everything here can be cloned; canvases and bitmaps are transferred. */
import type { FcnErrorCode, Precision, PrecisionOption } from "fcn-webgpu";

/** Longest side of a picture as the network sees it: "auto" leaves it to the worker, which knows the adapter. */
export type Side = number | "auto" | "full";

/** How label maps are laid over the picture. */
export interface Look {
  /** Share of the class's colour, 0 to 1. */
  readonly opacity: number;
  /** Share of the width, from the left, that shows the bare picture. */
  readonly split: number;
  /** Only this class, where one is chosen. */
  readonly highlight: number | undefined;
}

export type Drawing = "auto" | "gpu" | "cpu";

export type Request =
  /** Slot 0 shows the picture, slot i the i-th variant. */
  | { readonly type: "canvas"; readonly slot: number; readonly canvas: OffscreenCanvas }
  /** Device pixels of the canvases, where the GPU draws on them. */
  | { readonly type: "size"; readonly slot: number; readonly width: number; readonly height: number }
  | { readonly type: "look"; readonly look: Look }
  /** Without a file, the checkpoint that ships with the library. */
  | {
      readonly type: "load";
      readonly file: File | undefined;
      readonly precision: PrecisionOption;
      readonly drawing: Drawing;
    }
  | {
      readonly type: "segment";
      readonly id: number;
      readonly picture: Blob | ImageBitmap;
      readonly name: string;
      readonly side: Side;
    }
  | { readonly type: "probe"; readonly x: number; readonly y: number }
  | { readonly type: "save"; readonly kind: "labels" | "overlay"; readonly variant: string };

export interface Network {
  readonly file: string | undefined;
  readonly description: string;
  readonly notice: string | undefined;
  /** As it was asked for, and what that is on this device. */
  readonly precision: PrecisionOption;
  readonly stored: Precision;
  readonly variants: readonly string[];
  readonly classNames: readonly string[];
}

export interface Adapter {
  readonly label: string;
  readonly software: boolean;
  /** What draws on the canvases: the GPU itself, or the worker from labels read back. */
  readonly drawing: "gpu" | "cpu";
}

export interface StageTime {
  readonly name: string;
  /** Milliseconds. */
  readonly ms: number;
}

export interface Segmented {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  /** Pixels of each class, by variant. */
  readonly counts: Readonly<Record<string, Readonly<Record<number, number>>>>;
  readonly times: readonly StageTime[];
  readonly total: number;
}

export interface Reading {
  readonly variant: string;
  readonly label: number;
  readonly probability: number;
}

export type Reply =
  | { readonly type: "progress"; readonly text: string; readonly done?: number; readonly total?: number }
  | { readonly type: "ready"; readonly network: Network; readonly adapter: Adapter }
  /** A picture was decoded and is on show; its labels follow. */
  | {
      readonly type: "picture";
      readonly id: number;
      readonly name: string;
      readonly width: number;
      readonly height: number;
      readonly full: readonly [number, number];
    }
  | ({ readonly type: "segmented" } & Segmented)
  | {
      readonly type: "probed";
      readonly x: number;
      readonly y: number;
      readonly colour: readonly [number, number, number];
      readonly readings: readonly Reading[];
    }
  | { readonly type: "saved"; readonly name: string; readonly blob: Blob }
  /** The request failed; what was there before is still there. */
  | { readonly type: "failed"; readonly what: "load" | "segment" | "save" | "probe"; readonly message: string }
  | { readonly type: "lost"; readonly message: string }
  | { readonly type: "recovered" }
  /** Nothing works any more, or ever will here. */
  | { readonly type: "fatal"; readonly code: FcnErrorCode | undefined; readonly message: string };
