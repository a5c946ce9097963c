/** Learning-rate schedules: plain numbers per step, computed in double precision outside the graph. */

/** What a schedule says about one step. */
export interface SchedulePoint {
  /** Multiplies every group's own rate. */
  readonly factor: number;
  /** Momentum (beta1 of Adam) of the step, when the schedule cycles it. */
  readonly momentum?: number;
}

/** A schedule: step counted from 0 to what holds in it. */
export type Schedule = (step: number) => SchedulePoint;

/** Always the same rate. */
export function constant(factor = 1): Schedule {
  return () => ({ factor });
}

/**
 * Half a cosine from 1 to `minimum`: minimum + (1 - minimum)(1 + cos(pi step / total)) / 2.
 *
 * @param total steps of the run
 * @param minimum factor at the end; default 0. The published trainer uses 1e-8 / base rate
 * @source Loshchilov and Hutter 2017, equation 5, without restarts
 */
export function cosine(total: number, minimum = 0): Schedule {
  return (step) => ({
    factor: minimum + ((1 - minimum) * (1 + Math.cos((Math.PI * Math.min(step, total)) / total))) / 2,
  });
}

/** Linear from `start` to the inner schedule over the first steps; the inner schedule's step counts from the same 0. */
export function warmUp(steps: number, inner: Schedule, start = 0): Schedule {
  return (step) => {
    const point = inner(step);
    return step >= steps
      ? point
      : { ...point, factor: point.factor * (start + ((1 - start) * (step + 1)) / (steps + 1)) };
  };
}

/** Choices of the triangle. */
export interface TriangularOptions {
  /** Factor of the first step. Default 0.2. */
  readonly start?: number;
  /** Factor behind the last step. Default 0.07. */
  readonly end?: number;
  /** Where the factor is 1, as a fraction of the run. Default 0.23. */
  readonly peak?: number;
}

/**
 * Linear from `start` to 1 at step floor(peak total), then linear to `end` at step total.
 *
 * @param total steps of the run
 * @source Keller Jordan, airbench94, function triangle and its defaults
 */
export function triangular(
  total: number,
  { start = 0.2, end = 0.07, peak = 0.23 }: TriangularOptions = {},
): Schedule {
  const top = Math.floor(peak * total);
  return (step) => {
    const at = Math.min(step, total);
    if (at < top) return { factor: start + ((1 - start) * at) / top };
    return { factor: total === top ? 1 : 1 + ((end - 1) * (at - top)) / (total - top) };
  };
}
