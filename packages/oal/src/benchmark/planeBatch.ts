/** Pictures on their way through a model, a few at once. */

/** Pictures that come together; one batch is computed while the next is decoded. */
export class PlaneBatch {
  readonly #most: number;
  readonly #run: (indices: readonly number[], planes: Uint8Array) => Promise<void>;
  #filled: Uint8Array;
  #computed: Uint8Array;
  #indices: number[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(
    most: number,
    bytes: number,
    run: (indices: readonly number[], planes: Uint8Array) => Promise<void>,
  ) {
    this.#most = most;
    this.#run = run;
    this.#filled = new Uint8Array(most * bytes);
    this.#computed = new Uint8Array(most * bytes);
  }

  async add(index: number, planes: Uint8Array): Promise<void> {
    this.#filled.set(planes, this.#indices.length * planes.length);
    this.#indices.push(index);
    if (this.#indices.length >= this.#most) await this.#start();
  }

  async finish(): Promise<void> {
    if (this.#indices.length > 0) await this.#start();
    await this.#running;
  }

  /** Waits for what is under way, whatever becomes of it. */
  async settle(): Promise<void> {
    await this.#running.catch(() => undefined);
  }

  async #start(): Promise<void> {
    await this.#running;
    const indices = this.#indices;
    const planes = this.#filled.subarray(0, (this.#filled.length / this.#most) * indices.length);
    this.#indices = [];
    [this.#filled, this.#computed] = [this.#computed, this.#filled];
    this.#running = this.#run(indices, planes);
    this.#running.catch(() => undefined); // told where it is waited for
  }
}
