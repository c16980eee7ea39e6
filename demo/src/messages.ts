/** Messages between the page and its worker. All of them can be cloned; canvases and bitmaps are transferred. */
import type { FcnErrorCode, Precision, PrecisionOption } from "fcn-webgpu";
import type { TeachReply, TeachRequest } from "./teach/messages.js";

/** Longest side of the network's input, in pixels. "auto": the worker chooses by the adapter. "full": no limit. */
export type Side = number | "auto" | "full";

/** How a label map is drawn over its picture. */
export interface Look {
  /** Weight of the class's colour, 0 to 1. */
  readonly opacity: number;
  /** Share of the width, from the left, that shows the bare picture. */
  readonly split: number;
  /** The only class to colour; all classes if undefined. */
  readonly highlight: number | undefined;
}

/** What draws the canvases: the GPU, or the worker on the CPU. "auto": the CPU only if the adapter is software. */
export type Drawing = "auto" | "gpu" | "cpu";

/** A file to save: the label map itself, or the picture with the label map over it. */
export type SavedKind = "labels" | "overlay";

export type Request =
  /** Slot 0 shows the picture, slot i the label map of variant i. */
  | { readonly type: "canvas"; readonly slot: number; readonly canvas: OffscreenCanvas }
  /** A canvas's size in device pixels. The GPU draws at this size, the CPU at the picture's. */
  | { readonly type: "size"; readonly slot: number; readonly width: number; readonly height: number }
  | { readonly type: "look"; readonly look: Look }
  /** Without a file, loads the checkpoint that ships with the library. */
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
  | { readonly type: "save"; readonly kind: SavedKind; readonly variant: string }
  | { readonly type: "teach"; readonly request: TeachRequest };

/** The loaded checkpoint. */
export interface NetworkInfo {
  /** Name of its file; undefined for the built-in checkpoint. */
  readonly file: string | undefined;
  readonly description: string;
  readonly notice: string | undefined;
  /** The precision asked for. */
  readonly precision: PrecisionOption;
  /** The precision in use on this device. */
  readonly stored: Precision;
  readonly variants: readonly string[];
  readonly classNames: readonly string[];
}

export interface Adapter {
  readonly label: string;
  readonly software: boolean;
  /** What draws the canvases. */
  readonly drawing: "gpu" | "cpu";
}

export interface StageTime {
  readonly name: string;
  /** Milliseconds. */
  readonly ms: number;
}

/** Allocates buffers and compiles pipelines. The page omits this stage if it took no time. */
export const PREPARE_STAGE = "Prepare for this size";

/** Results of one segmentation. */
export interface Segmented {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  /** Number of pixels of each class, by variant. */
  readonly counts: Readonly<Record<string, Readonly<Record<number, number>>>>;
  readonly times: readonly StageTime[];
  /** Milliseconds. */
  readonly total: number;
}

/** What one network found at a pixel. */
export interface Reading {
  readonly variant: string;
  readonly label: number;
  readonly probability: number;
}

/** What the worker is doing. */
export interface Activity {
  readonly text: string;
  /** How far it is; undefined if `total` is unknown. */
  readonly done?: number;
  readonly total?: number;
  /** Whether `done` and `total` are bytes. */
  readonly bytes?: boolean;
}

export type Reply =
  | ({ readonly type: "progress" } & Activity)
  | { readonly type: "ready"; readonly network: NetworkInfo; readonly adapter: Adapter }
  /** A picture was decoded and is drawn. Its labels follow. */
  | {
      readonly type: "picture";
      readonly id: number;
      readonly name: string;
      readonly width: number;
      readonly height: number;
      /** Width and height of the file or frame. */
      readonly full: readonly [number, number];
    }
  | ({ readonly type: "segmented" } & Segmented)
  | {
      readonly type: "probed";
      readonly x: number;
      readonly y: number;
      /** RGB of the picture. */
      readonly colour: readonly [number, number, number];
      readonly readings: readonly Reading[];
    }
  | { readonly type: "saved"; readonly name: string; readonly blob: Blob }
  | { readonly type: "teach"; readonly reply: TeachReply }
  /** The request failed. Network, picture and labels stay as they were. */
  | {
      readonly type: "failed";
      readonly what: "load" | "segment" | "save" | "probe";
      readonly message: string;
      /** Of the picture that could not be segmented. */
      readonly id?: number | undefined;
    }
  /** The device is lost; the worker tries to open it again. */
  | { readonly type: "lost"; readonly message: string }
  | { readonly type: "recovered" }
  /** The worker cannot go on. Reloading the page is the only way out. */
  | { readonly type: "fatal"; readonly code: FcnErrorCode | undefined; readonly message: string };
