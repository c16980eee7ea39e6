/** Destroys a device at a moment that is the same on every machine, however fast its GPU. */

/** When it is asked to compile this pipeline, counted from 0. */
export function destroyAtPipeline(gpu: GPUDevice, pipeline: number): void {
  const create = gpu.createComputePipelineAsync.bind(gpu);
  let calls = 0;
  gpu.createComputePipelineAsync = (descriptor) => {
    if (calls === pipeline) gpu.destroy();
    calls += 1;
    return create(descriptor);
  };
}

/** At the next upload to a buffer. */
export function destroyAtUpload(gpu: GPUDevice): void {
  const write = gpu.queue.writeBuffer.bind(gpu.queue);
  gpu.queue.writeBuffer = (...args: Parameters<GPUQueue["writeBuffer"]>) => {
    gpu.destroy();
    write(...args);
  };
}

/** Just before or just after its next work is submitted. */
export function destroyAtSubmit(gpu: GPUDevice, when: "before" | "after"): void {
  const submit = gpu.queue.submit.bind(gpu.queue);
  gpu.queue.submit = (commands) => {
    if (when === "before") gpu.destroy();
    submit(commands);
    gpu.destroy();
  };
}
