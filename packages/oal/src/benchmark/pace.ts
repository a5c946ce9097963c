/** How long the images that are left will take, told once as soon as a part of them has gone through a model. */
import { duration } from "../report/format.js";

/** Seconds of work from which a rate is worth telling. */
const leastSeconds = 5;

/** The images of a benchmark on their way through its models. */
export class Pace {
  #left: number;
  readonly #tell: (sentence: string) => void;
  #done = 0;
  #seconds = 0;
  #isTold = false;

  /** @param left  images that are to go through models, all files together */
  constructor(left: number, tell: (sentence: string) => void) {
    this.#left = left;
    this.#tell = tell;
  }

  /** Takes what has gone through a model. */
  add(images: number, seconds: number): void {
    if (images === 0) return;
    this.#left = Math.max(0, this.#left - images);
    this.#done += images;
    this.#seconds += seconds;
    if (this.#isTold || this.#left === 0 || this.#seconds < leastSeconds) return;
    this.#isTold = true;
    const rate = this.#done / this.#seconds;
    const shown = rate >= 10 ? Math.round(rate) : rate.toPrecision(2);
    this.#tell(
      `${this.#left.toLocaleString("en-US")} images are still to go through models, about ${duration(this.#left / rate)} at ${shown} a second; fitting and scoring detectors comes on top`,
    );
  }
}
