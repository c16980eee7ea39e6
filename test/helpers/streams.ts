/** For tests of fcn.segmentAll: pictures, what a stream of results gives, and what happened to its source. */
import { expect } from "vitest";
import { loadFcn } from "../../src/node.js";
import type { Device, NodePicture, Segmentation } from "../../src/node.js";
import { noisePicture } from "./pictures.js";

/** Twelve pictures, of which every third has another size. */
export const STREAM = Array.from({ length: 12 }, (_, i) => noisePicture(48, i % 3 === 2 ? 40 : 64, i + 1));

export const DISPOSED = "disposed: the model fcn32s was disposed; load it again";

/** How an error ended a stream: its code (or its name where it has none) and its message. */
export function endOf(error: unknown): string {
  const { code, name, message } = error as Error & { readonly code?: string };
  return `${code ?? name}: ${message}`;
}

export interface StreamOutcome {
  readonly labels: Uint8Array[];
  /** "all", or the error that ended the stream. */
  readonly end: string;
}

/** Reads results to the end. `each` is called after each result with the number of results so far. */
export async function readAll(
  results: AsyncIterable<Segmentation>,
  each: (seen: number) => unknown = () => undefined,
): Promise<StreamOutcome> {
  const labels: Uint8Array[] = [];
  try {
    for await (const segmentation of results) {
      labels.push(segmentation.labels);
      await each(labels.length);
    }
  } catch (error) {
    return { labels, end: endOf(error) };
  }
  return { labels, end: "all" };
}

/** A source of pictures that counts how many were read and how often it was closed. */
export function countedSource(pictures: readonly NodePicture[] = STREAM) {
  const counts = { read: 0, closed: 0 };
  function* source(): Generator<NodePicture> {
    try {
      for (const picture of pictures) {
        counts.read++;
        yield picture;
      }
    } finally {
      counts.closed++;
    }
  }
  return { source: source(), counts };
}

/** The labels of STREAM by single calls of fcn32s. */
export async function expectedLabels(device: Device): Promise<Uint8Array[]> {
  const fcn = await loadFcn({ device, variant: "fcn32s" });
  const labels: Uint8Array[] = [];
  for (const picture of STREAM) labels.push((await fcn.segment(picture)).labels);
  fcn.dispose();
  expect(labels).toHaveLength(STREAM.length);
  return labels;
}
