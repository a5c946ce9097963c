/** Summaries of squared distances between unit vectors, which lie in [0, 4]; gathered one by one, never all in memory. */

/** Histogram bins of a distance summary. */
export const distanceBins = 80;
const binWidth = 4 / distanceBins;

/** Count, moments and histogram of squared distances. All zero when there were none. */
export interface DistanceSummary {
  readonly count: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  readonly standardDeviation: number;
  /** Middle of the histogram bin holding the median: exact to 0.025. */
  readonly median: number;
  /** Counts over equal bins of [0, 4]. */
  readonly histogram: readonly number[];
}

/** Gathers distances for a summary. */
export class DistanceGatherer {
  #count = 0;
  #sum = 0;
  #squares = 0;
  #minimum = Infinity;
  #maximum = -Infinity;
  #histogram = Array.from({ length: distanceBins }, () => 0);

  /** Adds distances. */
  add(values: Iterable<number>): void {
    for (const value of values) {
      this.#count++;
      this.#sum += value;
      this.#squares += value * value;
      this.#minimum = Math.min(this.#minimum, value);
      this.#maximum = Math.max(this.#maximum, value);
      const bin = Math.min(distanceBins - 1, Math.max(0, Math.floor(value / binWidth)));
      this.#histogram[bin] = (this.#histogram[bin] ?? 0) + 1;
    }
  }

  /** The summary of what was added so far. */
  summary(): DistanceSummary {
    const count = this.#count;
    if (count === 0) {
      return {
        count,
        minimum: 0,
        maximum: 0,
        mean: 0,
        standardDeviation: 0,
        median: 0,
        histogram: this.#histogram,
      };
    }
    const mean = this.#sum / count;
    let below = 0;
    const middle = this.#histogram.findIndex((bin) => (below += bin) * 2 >= count);
    return {
      count,
      minimum: this.#minimum,
      maximum: this.#maximum,
      mean,
      standardDeviation: Math.sqrt(Math.max(0, this.#squares / count - mean * mean)),
      median: (middle + 0.5) * binWidth,
      histogram: [...this.#histogram],
    };
  }
}

/** The exact median of some numbers; 0 when there are none. */
export function medianOf(values: Float32Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
