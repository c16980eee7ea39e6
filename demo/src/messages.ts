/** Messages between the page and its worker. All of them can be cloned; canvases and bitmaps are transferred. */
import type { FcnErrorCode, Precision, PrecisionOption } from "fcn-webgpu";
import type { TeachReply, TeachRequest } from "./teach/messages.js";

/** Longest side of the network's input, in pixels. "auto": the worker chooses by the adapter. "full": no limit. */
export type Side = number | "auto" | "full";

/** What a canvas shows. Label maps are named by their variant; undefined stands for the bare picture. */
export interface Layering {
  readonly variant: string | undefined;
  /** What the part to the left of the divider shows. Without it there is no divider. */
  readonly left?: { readonly variant: string | undefined };
  /** Only pixels whose class is another one than in this label map are coloured. */
  readonly against?: string;
}

/** How label maps are drawn over their picture. */
export interface Look {
  /** Weight of the class's colour, 0 to 1. */
  readonly opacity: number;
  /** Whether the picture under labels is grey. */
  readonly grey: boolean;
  /** Share of the width that is left of the divider. */
  readonly split: number;
  /** The only class to colour; all classes if undefined. */
  readonly highlight: number | undefined;
  /** By slot. */
  readonly layerings: readonly Layering[];
}

/** Until the page's controls change it. */
export const FIRST_LOOK: Look = { opacity: 0.6, grey: true, split: 0, highlight: undefined, layerings: [] };

/** What draws the canvases: the GPU, or the worker on the CPU. "auto": the CPU only if the adapter is software. */
export type Drawing = "auto" | "gpu" | "cpu";

/** A file to save: the label map itself, or the picture with the label map over it. */
export type SavedKind = "labels" | "overlay";

/** Weights that a person chose, or those that the page begins with. */
export type ChosenWeights =
  /** Those that ship with the library, and their file where it is here already. */
  | { readonly kind: "built-in"; readonly blob?: Blob | undefined }
  | { readonly kind: "file"; readonly file: File }
  /** A name that the library knows, or a URL. The browser keeps what is downloaded. */
  | { readonly kind: "address"; readonly address: string };

export type Request =
  /** Opens the GPU, while the page downloads weights. */
  | { readonly type: "open"; readonly drawing: Drawing }
  /** `look` says what the slot of a canvas shows. `lens` is the canvas of its loupe. */
  | {
      readonly type: "canvas";
      readonly slot: number;
      readonly canvas: OffscreenCanvas;
      readonly lens: OffscreenCanvas;
    }
  | ({ readonly type: "lens" } & LensSize)
  /** A canvas's size in device pixels. The GPU draws at this size, the CPU at the picture's. */
  | { readonly type: "size"; readonly slot: number; readonly width: number; readonly height: number }
  | { readonly type: "look"; readonly look: Look }
  | {
      readonly type: "load";
      readonly weights: ChosenWeights;
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
  /** What lies between the picture on show and its labels. */
  | { readonly type: "explain" }
  | { readonly type: "teach"; readonly request: TeachRequest };

/** The loaded checkpoint. */
export interface NetworkInfo {
  readonly weights: ChosenWeights;
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

/** Of all loupes. */
export interface LensSize {
  /** Width and height in device pixels. */
  readonly side: number;
  /** Pixels of the picture that they show along a side: an even number. */
  readonly reach: number;
}

/** A pixel of the picture. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the name of a region has the most room: a circle inside the region, in pixels of the picture. */
export interface RegionName extends Point {
  readonly label: number;
  readonly radius: number;
}

/** A picture, as the network sees it. */
export interface PictureOnShow {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  /** Width and height of the file or frame. */
  readonly full: readonly [number, number];
  /** Width and height of the files that are saved. */
  readonly saved: readonly [number, number];
  /** Whether the labels of the camera's last frame stay on show until this one has its own. */
  readonly keepsLabels: boolean;
}

/** Results of one segmentation. */
export interface Segmented {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  /** Number of pixels of each class, by variant. */
  readonly counts: Readonly<Record<string, Readonly<Record<number, number>>>>;
  /** The regions of each variant that are large enough for a name. */
  readonly regions: Readonly<Record<string, readonly RegionName[]>>;
  /** The middle of the part where the coarsest and the finest network differ most, if they do. */
  readonly focus: Point | undefined;
  /** Share of the pixels to which two networks give other classes, as `coarse fine`. */
  readonly changes: Readonly<Record<string, number>>;
  readonly times: readonly StageTime[];
  /** Milliseconds of all stages, and of those that only the first picture of a size takes. */
  readonly total: number;
  readonly prepared: number;
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

/** A map of cells, row by row. Values from 0 to 255. */
export interface CellMap {
  readonly columns: number;
  readonly rows: number;
  readonly values: Uint8Array;
}

/** What one network of a comparison adds. */
export interface ExplainedStride {
  readonly variant: string;
  readonly stride: number;
  /** How strong the backbone's features of this stride are, from the least to the most; of how many channels. */
  readonly features: CellMap;
  readonly channels: number;
  /** The best class of each cell, and its probability. */
  readonly labels: CellMap;
  readonly confidence: CellMap;
  /** The probability of the class `label` less that of the network before: 128 is no change, 255 is all of it. */
  readonly change: CellMap;
  /** Share of the cells that get another class than from the network before. */
  readonly changed: number;
}

/** From features to labels, stride by stride. Empty where there is one network alone. */
export interface Explained {
  readonly strides: readonly ExplainedStride[];
  /** The class with the largest share. */
  readonly label: number;
  /** Width over height of the picture. */
  readonly ratio: number;
}

export type Reply =
  | ({ readonly type: "progress" } & Activity)
  | { readonly type: "ready"; readonly network: NetworkInfo; readonly adapter: Adapter }
  /** A picture was decoded and is drawn. Its labels follow. */
  | ({ readonly type: "picture" } & PictureOnShow)
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
  | ({ readonly type: "explained" } & Explained)
  | { readonly type: "teach"; readonly reply: TeachReply }
  /** The request failed. Network, picture and labels stay as they were. */
  | {
      readonly type: "failed";
      readonly what: "load" | "segment" | "save" | "probe" | "explain";
      readonly message: string;
      /** Of the picture that could not be segmented. */
      readonly id?: number | undefined;
    }
  /** The device is lost; the worker tries to open it again. */
  | { readonly type: "lost"; readonly message: string }
  | { readonly type: "recovered" }
  /** The worker cannot go on. Reloading the page is the only way out. */
  | { readonly type: "fatal"; readonly code: FcnErrorCode | undefined; readonly message: string };
