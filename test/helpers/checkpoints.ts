/** The shipped checkpoint with edits that break it. */
import { openCheckpoint } from "../../src/weights/open.js";
import { writeSafetensors } from "../../src/weights/safetensors-writer.js";
import type { TensorToWrite } from "../../src/weights/safetensors-writer.js";
import { bufferSource } from "../../src/weights/source.js";
import { fixture } from "./reference-maps.js";

const SHIPPED = "weights/fcn-resnet101-w16-icons-f16.safetensors";

/** Bytes of the shipped checkpoint after `edit` of its list of tensors (kept in f16), with these metadata. */
export async function edited(
  edit: (tensors: TensorToWrite[]) => TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const checkpoint = await openCheckpoint(bufferSource(fixture(SHIPPED), "shipped"));
  const tensors = [...checkpoint.tensors.values()].map(({ name, shape, dtype }): TensorToWrite => ({
    name,
    shape,
    dtype: dtype === "f16" ? "f16" : "f32",
    read: () => checkpoint.read(name),
  }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSafetensors(edit(tensors), new Map(Object.entries(metadata)))) chunks.push(chunk);
  return Buffer.concat(chunks);
}
