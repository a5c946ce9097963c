/** The one-cycle schedule: up, down, and further down, with momentum the other way. */
import { z } from "zod";
import { defineSchedule, scheduleFields, type Schedule } from "./schedule.js";

/** Choices of the one-cycle schedule. */
export interface OneCycleOptions {
  /** Share of the run that rises. */
  readonly risingShare: number;
  /** First rate = highest rate / this. */
  readonly startDivisor: number;
  /** Last rate = highest rate times this. */
  readonly endFactor: number;
  /** Shape of the phases. */
  readonly shape: "cosine" | "linear";
  /** A symmetric fall, then a phase from the first rate to the last. */
  readonly threePhases: boolean;
  /** Lowest and highest momentum; null leaves momentum alone. */
  readonly momentum: readonly [number, number] | null;
}

interface Phase {
  readonly end: number;
  readonly factors: readonly [number, number];
  readonly momenta: readonly [number, number];
}

/**
 * One cycle over `total` steps. The factor is relative to the highest rate.
 *
 * Phases end at pct T - 1 and T - 1 (three phases: pct T - 1, 2 pct T - 2, T - 1), real numbers, not rounded.
 *
 * @source torch.optim.lr_scheduler.OneCycleLR (Smith and Topin 2018)
 */
export function oneCycle(total: number, options: OneCycleOptions): Schedule {
  const { risingShare, startDivisor, shape, threePhases, momentum } = options;
  const [low, high] = momentum ?? [0, 0];
  const start = 1 / startDivisor;
  const end = options.endFactor;
  const rise: Phase = { end: risingShare * total - 1, factors: [start, 1], momenta: [high, low] };
  const phases: readonly Phase[] = threePhases
    ? [
        rise,
        { end: 2 * risingShare * total - 2, factors: [1, start], momenta: [low, high] },
        { end: total - 1, factors: [start, end], momenta: [high, high] },
      ]
    : [rise, { end: total - 1, factors: [1, end], momenta: [low, high] }];
  const between = ([from, to]: readonly [number, number], fraction: number): number =>
    shape === "linear"
      ? from + (to - from) * fraction
      : to + ((from - to) / 2) * (1 + Math.cos(Math.PI * fraction));
  return (step) => {
    const at = Math.min(step, total - 1);
    let begin = 0;
    for (const [index, phase] of phases.entries()) {
      if (at <= phase.end || index === phases.length - 1) {
        const fraction = phase.end > begin ? (at - begin) / (phase.end - begin) : 1;
        const factor = between(phase.factors, fraction);
        return momentum === null ? { factor } : { factor, momentum: between(phase.momenta, fraction) };
      }
      begin = phase.end;
    }
    return { factor: end };
  };
}

/** Up and down once, the momentum the other way. */
export const oneCycleSchedule = defineSchedule({
  id: "oneCycle",
  title: "one cycle of rate and momentum",
  source: "Smith and Topin 2018; torch.optim.lr_scheduler.OneCycleLR",
  schema: z.strictObject(scheduleFields),
  cyclesMomentum: true,
  make: ({ warmup, minFactor }, steps) =>
    oneCycle(steps, {
      risingShare: Math.max(warmup, 2 / steps),
      startDivisor: 25,
      endFactor: minFactor,
      shape: "cosine",
      threePhases: false,
      momentum: [0.85, 0.95],
    }),
});
