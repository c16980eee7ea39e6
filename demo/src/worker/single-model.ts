/** One network alone: torchvision's FCN over a dilated ResNet-101. */
import type { Device, Fcn, Picture, Precision } from "fcn-webgpu";
import { stageTimes } from "./model.js";
import type { Model, ModelResult } from "./model.js";

export class SingleModel implements Model {
  readonly variants: readonly string[];
  readonly classNames: readonly string[];
  readonly description: string;
  readonly notice: string | undefined;
  readonly checkpoint = undefined;
  readonly #fcn: Fcn;

  constructor(fcn: Fcn) {
    this.#fcn = fcn;
    this.variants = [fcn.variant];
    this.classNames = fcn.classNames;
    this.description = fcn.description;
    this.notice = fcn.notice;
  }

  get precision(): Precision {
    return this.#fcn.precision;
  }

  async run(picture: Picture, signal: AbortSignal): Promise<ModelResult> {
    const fcn = this.#fcn;
    const { labels, timings } = await fcn.segment(picture, { signal });
    // Probabilities take a second run of the network, so it waits for the first question. [classes, height, width]
    let scores: Promise<Float32Array> | undefined;
    const probabilities = async (_variant: string, x: number, y: number): Promise<Float32Array> => {
      scores ??= fcn.probabilities(picture).then(({ data }) => data);
      const data = await scores;
      const pixels = picture.width * picture.height;
      const pixel = y * picture.width + x;
      return Float32Array.from(fcn.classNames, (_name, c) => data[c * pixels + pixel] ?? 0);
    };
    const times = stageTimes(timings.compile, timings, [{ name: "Network", ms: timings.gpu }]);
    return { labels: { [fcn.variant]: labels }, buffers: {}, times, probabilities };
  }

  recover(device: Device): Promise<void> {
    return this.#fcn.recover(device);
  }

  dispose(): void {
    this.#fcn.dispose();
  }
}
