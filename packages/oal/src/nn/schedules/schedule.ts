/**
 * Learning-rate schedules: plain numbers per step, computed in double precision outside the graph. Adding one is one file here
 * and one line in index.ts.
 */
import { expectArguments, kinds } from "oal-core";
import type { z } from "zod";
import { real, resolveOptions } from "../../fields.js";

/** What a schedule says about one step. */
export interface SchedulePoint {
  /** Multiplies every group's own rate. */
  readonly factor: number;
  /** Momentum (beta1 of Adam) of the step, when the schedule cycles it. */
  readonly momentum?: number;
}

/** A schedule: step counted from 0 to what holds in it. */
export type Schedule = (step: number) => SchedulePoint;

/** A kind of schedule: a registry entry. */
export interface ScheduleKind {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Its options: type, range, default and description. */
  readonly schema: z.ZodObject;
  /** Whether it varies the momentum too, so that the optimiser's own has no effect. */
  readonly cyclesMomentum?: boolean;
  /**
   * @param steps steps of the run
   * @throws OAL-C208 for an option that it does not have, or a value that its schema refuses
   */
  make(options: Readonly<Record<string, unknown>>, steps: number): Schedule;
}

/** A kind of schedule as one writes it: its function gets its options resolved and typed. */
export interface ScheduleDefinition<Schema extends z.ZodObject> extends Omit<
  ScheduleKind,
  "schema" | "make"
> {
  readonly schema: Schema;
  make(options: z.output<Schema>, steps: number): Schedule;
}

const aDefinition = kinds.fields({
  id: kinds.name,
  title: kinds.text,
  source: kinds.text,
  schema: kinds.record,
  make: kinds.callback,
});

/** Makes a kind of schedule of a definition. */
export function defineSchedule<Schema extends z.ZodObject>(
  definition: ScheduleDefinition<Schema>,
): ScheduleKind {
  expectArguments("defineSchedule", { definition: [definition, aDefinition] });
  return {
    ...definition,
    make: (options, steps) => definition.make(resolveOptions("schedule", definition, options), steps),
  };
}

/** Options that several schedules have. */
export const scheduleFields = {
  warmup: real(0.1, 0, 0.9, "share of the steps in which the rate rises"),
  minFactor: real(1e-3, 0, 1, "last learning rate as a share of the highest"),
};

/** Linear from 0 to the inner schedule over the first steps; the inner schedule's step counts from the same 0. */
export function warmUp(steps: number, inner: Schedule): Schedule {
  return (step) => {
    const point = inner(step);
    return step >= steps ? point : { ...point, factor: point.factor * ((step + 1) / (steps + 1)) };
  };
}
