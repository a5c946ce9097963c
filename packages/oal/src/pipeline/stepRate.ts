/** How fast a training goes at present. */

/** Milliseconds after which a new mark is set; two are kept. */
const markEvery = 30_000;

/**
 * Steps per second over the last half to whole minute, so that a pause does not spoil the time left of a training that
 * takes hours.
 */
export class StepRate {
  #marks: readonly (readonly [time: number, step: number])[] = [];

  /**
   * Tells of a finished step.
   *
   * @param now milliseconds, never less than at the call before
   * @param step steps finished
   * @returns steps per second, or undefined in the first half second, when nothing can be said
   */
  at(now: number, step: number): number | undefined {
    const newest = this.#marks.at(-1);
    if (newest === undefined || now - newest[0] > markEvery) {
      this.#marks = [...this.#marks.slice(-1), [now, step]];
    }
    const [since, from] = this.#marks[0] ?? [now, step];
    const seconds = (now - since) / 1000;
    return seconds > 0.5 ? (step - from) / seconds : undefined;
  }
}
