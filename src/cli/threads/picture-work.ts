/** Reads pictures and makes the files of their results: in threads where there are many pictures, else here. */
import { availableParallelism } from "node:os";
import type { DecodedPicture } from "../../image/decode.js";
import type { EncodedResult, LabelledPicture } from "../segment-output.js";
import { memoryOf } from "./memory.js";
import { encodeTask, readTask } from "./picture-tasks.js";
import type { PictureTask, ReadTask } from "./picture-tasks.js";
import { ThreadPool } from "./pool.js";

export interface PictureWork {
  /** Tasks that run at once. */
  readonly threads: number;
  /** @throws bad-image, missing-package */
  read(task: Omit<ReadTask, "kind">): Promise<DecodedPicture>;
  /** The arrays of `picture` must not be used afterwards: their memory moves to a thread. */
  encode(picture: LabelledPicture): Promise<EncodedResult>;
  close(): Promise<void>;
}

const MOST_THREADS = 8;

/** One core is left to the main thread, which feeds the GPU. */
export const defaultThreads = (): number => Math.min(MOST_THREADS, Math.max(1, availableParallelism() - 1));

/** Starting a thread takes as long as a few small pictures. */
const FEWEST_PICTURES = 4;

const here: PictureWork = {
  threads: 1,
  read: (task) => readTask({ kind: "read", ...task }),
  encode: async (picture) => encodeTask({ kind: "encode", picture }),
  close: async () => undefined,
};

function inThreads(threads: number): PictureWork {
  const pool = new ThreadPool<PictureTask, DecodedPicture | EncodedResult>(
    new URL("./picture-thread.js", import.meta.url),
    threads,
  );
  return {
    threads,
    read: async (task) => (await pool.run({ kind: "read", ...task })) as DecodedPicture,
    async encode(picture) {
      const { pixels, labels, probabilities } = picture;
      const moved = memoryOf(pixels, labels, probabilities?.data);
      return (await pool.run({ kind: "encode", picture }, moved)) as EncodedResult;
    },
    close: () => pool.close(),
  };
}

/** @param threads at most; 0 for none beside this one */
export const pictureWork = (pictures: number, threads: number): PictureWork =>
  threads === 0 || pictures < FEWEST_PICTURES ? here : inThreads(Math.min(threads, pictures));
