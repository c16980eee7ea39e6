/** A thread of `fcn segment` (picture-work.ts starts it). */
import type { DecodedPicture } from "../../image/decode.js";
import type { EncodedResult } from "../segment-output.js";
import { memoryOf } from "./memory.js";
import { encodeTask, readTask } from "./picture-tasks.js";
import type { PictureTask } from "./picture-tasks.js";
import { serveTasks } from "./serve.js";
import type { Done } from "./serve.js";

serveTasks<PictureTask, DecodedPicture | EncodedResult>(async (task): Promise<Done<DecodedPicture | EncodedResult>> => {
  if (task.kind === "read") {
    const result = await readTask(task);
    return { result, moved: memoryOf(result.data, result.shrunk?.data) };
  }
  const result = encodeTask(task);
  return { result, moved: memoryOf(...result.files.map(({ data }) => data)) };
});
