/** Gives work to several devices: each piece goes to the device that has the least to do. */
export class Lanes<Device> {
  readonly #busy: Map<Device, number>;
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];

  /** @param most pieces that a device has at once */
  constructor(devices: readonly Device[], most: number) {
    this.#busy = new Map(devices.map((device) => [device, 0]));
    this.#most = most;
  }

  /** Waits for a device in the order of the calls. */
  async run<Result>(work: (device: Device) => Promise<Result>): Promise<Result> {
    let device = this.#free();
    while (device === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      device = this.#free();
    }
    this.#add(device, 1);
    try {
      return await work(device);
    } finally {
      this.#add(device, -1);
      this.#waiting.shift()?.();
    }
  }

  #add(device: Device, count: number): void {
    this.#busy.set(device, (this.#busy.get(device) ?? 0) + count);
  }

  #free(): Device | undefined {
    let [least, fewest]: [Device | undefined, number] = [undefined, this.#most];
    for (const [device, count] of this.#busy) {
      if (count < fewest) [least, fewest] = [device, count];
    }
    return least;
  }
}
