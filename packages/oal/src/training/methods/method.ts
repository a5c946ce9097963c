/**
 * What a training method is: a builder of weighted loss terms over the student's outputs. One method is one file; the
 * trainer, checkpoints, logging and the command line come for free. `ce`, `kd` and `oal` are lists of methods.
 */
import { add, mul, type Value } from "oal-core";
import type { z } from "zod";
import type { TrainingContext } from "../../nn/context.js";

/** Side data a method may ask for; the classifier task feeds it. */
export type Need = "teacher" | "outlierEmbeddings" | "outlierLatents" | "outlierImages";

/** What a method sees of a step. N images, M outlier images, C classes, F student features, D teacher features. */
export interface MethodInputs {
  readonly context: TrainingContext;
  readonly classes: number;
  /** float32 [N, C], one-hot. */
  readonly labels: Value;
  /** float32 [N, C]. */
  readonly logits: Value;
  /** float32 [N, F], penultimate. */
  readonly features: Value;
  /** float32 [N, C] and [N, D]; constants of the step, no gradient. */
  readonly teacher?: { readonly logits: Value; readonly features: Value };
  /** float32 [N, D]: an outlier embedding per image, paired as configured. */
  readonly outlierEmbeddings?: Value;
  /** float32 [N, P]: a pooled outlier latent per image, paired as configured. */
  readonly outlierLatents?: Value;
  /** The student's outputs on decoded outliers, float32 [M, C] and [M, F], and the teacher's logits on them. */
  readonly outliers?: { readonly logits: Value; readonly features: Value; readonly teacherLogits: Value };
  /** float32 scalar: 0 before the exposure starts, then 1. */
  readonly exposureGate?: Value;
}

/** One term of the loss. */
export interface WeightedTerm {
  readonly name: string;
  /** float32 scalar. */
  readonly value: Value;
  /** Factor in the total; a Value where it changes from step to step. */
  readonly weight: number | Value;
}

/** The settings of a run that methods read: sections of the configuration by name. */
export type MethodSettings = Readonly<Record<string, unknown>>;

/** A training method. */
export interface TrainingMethod {
  readonly id: string;
  readonly title: string;
  /** Paper and place of the formula. */
  readonly source: string;
  /** Side data the settings make necessary. */
  needs(settings: MethodSettings): readonly Need[];
  /** Loss terms; they are added with their weights. */
  terms(inputs: MethodInputs, settings: MethodSettings): readonly WeightedTerm[];
}

/** A method with the schema of its section; its functions get the section parsed and typed. */
export interface MethodDefinition<Schema extends z.ZodType> {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Name of its section in the configuration. */
  readonly section: string;
  readonly schema: Schema;
  needs(options: z.output<Schema>): readonly Need[];
  terms(inputs: MethodInputs, options: z.output<Schema>): readonly WeightedTerm[];
}

/** Makes a method of a definition. */
export function defineMethod<Schema extends z.ZodType>(definition: MethodDefinition<Schema>): TrainingMethod {
  const read = (settings: MethodSettings): z.output<Schema> =>
    definition.schema.parse(settings[definition.section] ?? {});
  return {
    id: definition.id,
    title: definition.title,
    source: definition.source,
    needs: (settings) => definition.needs(read(settings)),
    terms: (inputs, settings) => definition.terms(inputs, read(settings)),
  };
}

/** Sum of weighted terms, zero weights left out; null when nothing is left. */
export function weightedSum(terms: readonly WeightedTerm[]): Value | null {
  let total: Value | null = null;
  for (const { value, weight } of terms) {
    if (weight === 0) continue;
    const scaled = weight === 1 ? value : mul(value, weight);
    total = total ? add(total, scaled) : scaled;
  }
  return total;
}
