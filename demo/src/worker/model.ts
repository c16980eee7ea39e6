/** A checkpoint made ready: FCN-32s, 16s and 8s over one backbone where the file has their heads, else the one network it is. */
import { COMPARED, Comparison, defaultCheckpointUrl, loadFcn, openCheckpoint, openSource, recognise } from "fcn-webgpu";
import type { Checkpoint, ComparedVariant, ComparisonOptions, Device, DownloadProgress, Fcn, Picture, Precision, PrecisionOption, Recognised } from "fcn-webgpu";
import type { StageTime } from "../messages.js";

export interface Result {
  readonly labels: Readonly<Record<string, Uint8Array>>;
  /** Where the labels lie on the GPU until the next run, if they still do. */
  readonly buffers: Readonly<Record<string, GPUBufferBinding>>;
  readonly times: readonly StageTime[];
  /** Probability of every class at a pixel. */
  readonly probabilities: (variant: string, x: number, y: number) => Promise<Float32Array>;
}

export interface Model {
  readonly variants: readonly string[];
  readonly classNames: readonly string[];
  readonly description: string;
  readonly notice: string | undefined;
  /** How numbers are kept between the layers on the device in use. */
  readonly precision: Precision;
  /** @throws device-lost, limit-too-small, the signal's reason */
  run(picture: Picture, signal: AbortSignal): Promise<Result>;
  /** Goes on with another device, after the one it had was lost. */
  recover(device: Device): Promise<void>;
  dispose(): void;
}

export interface Progress {
  weights(progress: DownloadProgress): void;
  pipelines(ready: number, total: number): void;
}

/** @throws bad-weights, device-lost */
export async function openModel(
  device: Device,
  file: File | undefined,
  precision: PrecisionOption,
  progress: Progress,
): Promise<Model> {
  const source = await openSource(file ?? defaultCheckpointUrl(), {
    cache: false,
    onProgress: (now) => progress.weights(now),
  });
  const checkpoint = await openCheckpoint(source);
  try {
    const found = recognise(checkpoint);
    const variants = COMPARED.filter((variant) => found.variants.includes(variant));
    if (variants.length)
      return new ComparedModel(device, found, {
        variants,
        precision,
        maxPlans: 2,
        onPipeline: (ready, total) => progress.pipelines(ready, total),
      });
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
  await checkpoint.close();
  // torchvision's network; or nothing that can be used, which loadFcn says in its own words.
  return new SingleModel(await loadFcn({ device, precision, ...(file && { weights: file }) }));
}

class ComparedModel implements Model {
  readonly classNames: readonly string[];
  readonly description: string;
  readonly notice = undefined;
  readonly variants: readonly ComparedVariant[];
  readonly #checkpoint: Checkpoint;
  readonly #comparison: Comparison;

  constructor(
    device: Device,
    found: Recognised,
    options: ComparisonOptions & { readonly variants: readonly ComparedVariant[] },
  ) {
    this.variants = options.variants;
    this.#checkpoint = found.checkpoint;
    this.#comparison = new Comparison(device, found.checkpoint, options);
    this.classNames = this.#comparison.classNames;
    this.description = found.description;
  }

  get precision(): Precision {
    return this.#comparison.precision;
  }

  async run(picture: Picture, signal: AbortSignal): Promise<Result> {
    const { labels, buffers, compile, timings, stages, scores } = await this.#comparison.run(picture, {
      scores: true,
      signal,
    });
    const parts = stages
      ? [
          { name: "Backbone, shared", ms: stages.shared ?? 0 },
          ...this.variants.map((variant) => ({ name: `Head ${title(variant)}`, ms: stages[variant] ?? 0 })),
        ]
      : [{ name: "Networks", ms: timings.gpu }];
    const times = [
      { name: "Prepare for this size", ms: compile },
      { name: "Upload", ms: timings.upload + timings.encode },
      ...parts,
      { name: "Read back", ms: timings.readback },
    ];
    const at = (variant: string, x: number, y: number): Promise<Float32Array> =>
      Promise.resolve(scores?.[variant]?.probabilities(x, y) ?? new Float32Array());
    return { labels, buffers, times, probabilities: at };
  }

  recover(device: Device): Promise<void> {
    return this.#comparison.recover(device);
  }

  dispose(): void {
    this.#comparison.dispose();
    void this.#checkpoint.close();
  }
}

class SingleModel implements Model {
  readonly variants: readonly string[];
  readonly classNames: readonly string[];
  readonly description: string;
  readonly notice: string | undefined;

  constructor(private readonly fcn: Fcn) {
    this.variants = [fcn.variant];
    this.classNames = fcn.classNames;
    this.description = fcn.description;
    this.notice = fcn.notice;
  }

  get precision(): Precision {
    return this.fcn.precision;
  }

  async run(picture: Picture, signal: AbortSignal): Promise<Result> {
    const { fcn } = this;
    const { labels, timings } = await fcn.segment(picture, { signal });
    const times = [
      { name: "Prepare for this size", ms: timings.compile },
      { name: "Upload", ms: timings.upload + timings.encode },
      { name: "Network", ms: timings.gpu },
      { name: "Read back", ms: timings.readback },
    ];
    // Every probability of this network is a second run, so it is made when somebody first asks for one.
    let whole: Promise<Float32Array> | undefined;
    const at = async (_: string, x: number, y: number): Promise<Float32Array> => {
      whole ??= fcn.probabilities(picture).then(({ data }) => data);
      const data = await whole;
      const plane = picture.width * picture.height;
      return Float32Array.from(fcn.classNames, (__, c) => data[c * plane + y * picture.width + x] ?? 0);
    };
    return { labels: { [fcn.variant]: labels }, buffers: {}, times, probabilities: at };
  }

  recover(device: Device): Promise<void> {
    return this.fcn.recover(device);
  }

  dispose(): void {
    this.fcn.dispose();
  }
}

const title = (variant: string): string => variant.replace(/^fcn(\d+s)$/, "$1");
