/**
 * What an optimiser is: a pure function of graph values. Everything that changes from step to step enters as a scalar,
 * so that one compiled model serves the whole run.
 */
import { expectArguments, kinds, oalError, type Operand, type Value } from "oal-core";
import type { z } from "zod";
import { resolveOptions } from "../../fields.js";

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
  /** Whether weight decay is divided by a parameter's own rate above 1, so that a fast group is not decayed faster. */
  readonly dividesDecay: boolean;
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

/** A kind of optimiser: a registry entry. Adding one is one file here and one line in index.ts. */
export interface OptimiserKind {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Its constants: type, range, default and description. */
  readonly schema: z.ZodObject;
  /** Options that have no effect beside others: their names, and the option to blame; false when they have one. */
  ignored(
    options: Readonly<Record<string, unknown>>,
  ): readonly (readonly [readonly string[], string | false])[];
  /** @throws OAL-C208 for an option that it does not have, or a value that its schema refuses */
  make(options: Readonly<Record<string, unknown>>): Optimiser;
}

/** A kind of optimiser as one writes it: its functions get their options resolved and typed. */
export interface OptimiserDefinition<Schema extends z.ZodObject> {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly schema: Schema;
  readonly ignored?: (options: z.output<Schema>) => readonly (readonly [readonly string[], string | false])[];
  make(options: z.output<Schema>): Optimiser;
}

const aDefinition = kinds.fields({
  id: kinds.name,
  title: kinds.text,
  source: kinds.text,
  schema: kinds.record,
  make: kinds.callback,
});

/** Makes a kind of optimiser of a definition. */
export function defineOptimiser<Schema extends z.ZodObject>(
  definition: OptimiserDefinition<Schema>,
): OptimiserKind {
  expectArguments("defineOptimiser", { definition: [definition, aDefinition] });
  const resolved = (options: Readonly<Record<string, unknown>>): z.output<Schema> =>
    resolveOptions("optimiser", definition, options);
  return {
    ...definition,
    ignored: (options) => definition.ignored?.(resolved(options)) ?? [],
    make: (options) => definition.make(resolved(options)),
  };
}

/** A named member that must be there. */
export function required<T>(record: Readonly<Record<string, T>>, name: string): T {
  const value = record[name];
  if (value === undefined) throw oalError("OAL-X101", { problem: `the optimiser was not given ${name}` });
  return value;
}
