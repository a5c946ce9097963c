/**
 * What an optimiser is: a pure function of graph values. Everything that changes from step to step enters as a scalar,
 * so that one compiled model serves the whole run.
 */
import { oalError, type Operand, type Value } from "oal-core";

/** The scalars of one update; `learningRate` and `decay` always, the optimiser's own by name. */
export interface UpdateScalars {
  /** The rate of this parameter in this step. */
  readonly learningRate: Operand;
  /** Weight decay; the number 0 leaves its nodes out. */
  readonly decay: Operand;
  /** The optimiser's own scalars, by `scalarNames`. */
  readonly own: Readonly<Record<string, Operand>>;
}

/** The state of one parameter, by state name; every state has the parameter's shape and starts at 0. */
export type OptimiserState = Readonly<Record<string, Value>>;

/** An optimiser with its constants chosen. */
export interface Optimiser {
  readonly id: string;
  readonly stateNames: readonly string[];
  /** Names of the step-dependent scalars it reads, to be declared as inputs and fed from `scalarsAt`. */
  readonly scalarNames: readonly string[];
  /**
   * The step-dependent scalars.
   *
   * @param step counted from 0
   * @param momentum momentum (beta1 of Adam) of this step, when a schedule cycles it
   */
  scalarsAt(step: number, momentum?: number): Record<string, number>;
  /** The new parameter and state. All values have the parameter's shape. */
  update(
    parameter: Value,
    gradient: Value,
    state: OptimiserState,
    scalars: UpdateScalars,
  ): { parameter: Value; state: OptimiserState };
}

/** A named member that must be there. */
export function required<T>(record: Readonly<Record<string, T>>, name: string): T {
  const value = record[name];
  if (value === undefined) throw oalError("OAL-X101", { problem: `the optimiser was not given ${name}` });
  return value;
}
