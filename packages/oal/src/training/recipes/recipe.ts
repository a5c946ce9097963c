/**
 * What a recipe is: a named list of training methods, whose loss terms are added. `ce`, `kd` and `oal` are three of them. What
 * a recipe needs (a teacher, outliers) follows from its methods; it is written nowhere.
 */
import { oalError } from "oal-core";
import { trainingMethods } from "../methods/index.js";
import type { MethodSettings, TrainingMethod } from "../methods/method.js";

/** A way to train a student, by name. */
export interface Recipe {
  readonly id: string;
  readonly title: string;
  /** What its model is called in tables and legends of a report. Default: the id. */
  readonly label?: string;
  /** False: the student is what it starts from, and there are no methods. Default true. */
  readonly trains?: false;
  /** At least one, where it trains. */
  readonly methods: readonly {
    /** Id of a training method. */
    readonly method: string;
    /** Factor of all its terms, beside the weights among its options. Default 1. */
    readonly weight?: number;
  }[];
}

/** A method and the factor of its terms. */
export interface WeightedMethod {
  readonly method: TrainingMethod;
  readonly weight: number;
}

/**
 * The methods of a recipe.
 *
 * @throws OAL-C204 for a method that does not exist; OAL-T112 for a recipe without methods, or with one twice
 */
export function methodsOf(recipe: Recipe): readonly WeightedMethod[] {
  const names = recipe.methods.map(({ method }) => method);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw oalError("OAL-T112", { recipe: recipe.id, problem: `it has method ${twice} twice` });
  if (names.length === 0 && recipe.trains !== false)
    throw oalError("OAL-T112", { recipe: recipe.id, problem: "it has no method" });
  return recipe.methods.map(({ method, weight = 1 }) => ({ method: trainingMethods.find(method), weight }));
}

/** Names of the side data that methods need with these settings, each once. */
export function needsOf(methods: readonly WeightedMethod[], settings: MethodSettings): readonly string[] {
  return [...new Set(methods.flatMap(({ method }) => method.needs(settings)))];
}
