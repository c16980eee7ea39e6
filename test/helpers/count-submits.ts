/** Counts what is submitted to a device while something runs. */
import type { Device } from "../../src/gpu/device.js";

export async function countingSubmits({ gpu }: Device, work: () => Promise<unknown>): Promise<number> {
  const { queue } = gpu;
  const submit = queue.submit.bind(queue);
  let count = 0;
  const counted = (...args: Parameters<typeof submit>): void => {
    count++;
    submit(...args);
  };
  Object.defineProperty(queue, "submit", { configurable: true, value: counted });
  try {
    await work();
  } finally {
    // Without the object's own property the prototype's method is called again.
    Reflect.deleteProperty(queue, "submit");
  }
  return count;
}
