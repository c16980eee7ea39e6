/** Messages of "Teach it" between the page and its worker. All of them can be cloned. */
import type { Side } from "../messages.js";
import type { Stroke } from "./strokes.js";

/** A picture, as the worker decodes it. */
export interface TeachPicture {
  /** The same for the same picture. */
  readonly key: string;
  readonly name: string;
  readonly file: Blob;
}

/** A picture with the strokes that were painted on it. */
export interface PaintedPicture extends TeachPicture {
  readonly strokes: readonly Stroke[];
}

/** `run` is the number of the teaching that a message belongs to. Replies of an earlier one are out of date. */
export type TeachRequest = { readonly run: number } & (
  | {
      /** Trains from where the last training of these classes ended, or from new heads. */
      readonly what: "train";
      /** Names of the classes, the background first. A stroke's label is an index of them. */
      readonly classes: readonly string[];
      readonly pictures: readonly PaintedPicture[];
      readonly side: Side;
    }
  /** The picture on show: its labels come now and while training. */
  | { readonly what: "look"; readonly picture: TeachPicture; readonly side: Side }
  | { readonly what: "stop" }
  | { readonly what: "save" }
  /** Frees all that was learned. */
  | { readonly what: "forget" }
);

export type TeachReply = { readonly run: number } &
  /** Something that takes time has begun. */
  (
    | { readonly what: "preparing"; readonly text: string }
    | TeachStep
    | ({ readonly what: "labels" } & TaughtLabels)
    /** The training has ended: all steps are done, its time is over, or a person stopped it. */
    | { readonly what: "ended" }
    /** What was learned is gone, for instance because other weights were loaded. */
    | { readonly what: "lost"; readonly message: string }
    | { readonly what: "failed"; readonly message: string }
  );

export interface TeachStep {
  readonly what: "stepped";
  /** Of this training, from 1 on. */
  readonly step: number;
  readonly loss: number;
  /** Since the end of the first step of this training, which computes features. */
  readonly seconds: number;
}

/** The labels of a picture with the taught heads. */
export interface TaughtLabels {
  /** Of the picture. */
  readonly key: string;
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array;
}

/** A training ends after so many steps, or after so many seconds if it has done the least. */
export const MAX_STEPS = 200;
export const MAX_SECONDS = 10;
export const MIN_STEPS = 30;
