/**
 * What a training method is: a builder of weighted loss terms over the student's outputs. One method is one file; the
 * trainer, checkpoints, logging and the command line come for free. `ce`, `kd` and `oal` are lists of methods.
 */
import { add, mul, oalError, suggest, type Value } from "oal-core";
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
  /** Name of the section of settings it reads, and the keys that the section may have. */
  readonly section: string;
  readonly keys: readonly string[];
  /** Side data the settings make necessary. */
  needs(settings: MethodSettings): readonly Need[];
  /** Loss terms; they are added with their weights. Throws OAL-T110 when something that `needs` names is not there. */
  terms(inputs: MethodInputs, settings: MethodSettings): readonly WeightedTerm[];
}

/** A method with the schema of its section; its functions get the section parsed and typed. */
export interface MethodDefinition<Schema extends z.ZodObject> {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Name of its section in the configuration. */
  readonly section: string;
  readonly schema: Schema;
  /** Keys of the section that others read: the task, the trainer, a stage. */
  readonly keysOfOthers?: readonly string[];
  needs(options: z.output<Schema>): readonly Need[];
  terms(inputs: MethodInputs, options: z.output<Schema>): readonly WeightedTerm[];
}

/** What each need is in a sentence. */
const needNames: Readonly<Record<Need, string>> = {
  teacher: "a teacher's outputs",
  outlierEmbeddings: "outlier embeddings",
  outlierLatents: "outlier latents",
  outlierImages: "decoded outliers",
};

/** OAL-T110 for something that a method needs and that is not there. */
export function lacking(method: string, need: Need): Error {
  return oalError("OAL-T110", { method, need: needNames[need] });
}

/** Whether the inputs of a step hold something. */
function isThere(need: Need, inputs: MethodInputs): boolean {
  if (need === "outlierImages") return inputs.outliers !== undefined && inputs.exposureGate !== undefined;
  return inputs[need] !== undefined;
}

/**
 * Makes a method of a definition.
 *
 * Its functions throw OAL-T111 for a value that the schema refuses.
 */
export function defineMethod<Schema extends z.ZodObject>(
  definition: MethodDefinition<Schema>,
): TrainingMethod {
  const { id, section, schema } = definition;
  const read = (settings: MethodSettings): z.output<Schema> => {
    const parsed = schema.safeParse(settings[section] ?? {});
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const at = [section, ...(issue?.path ?? [])].map(String).join(".");
    throw oalError("OAL-T111", { at, problem: issue?.message ?? "refused" }, parsed.error);
  };
  return {
    id: definition.id,
    title: definition.title,
    source: definition.source,
    section,
    keys: [...Object.keys(schema.shape), ...(definition.keysOfOthers ?? [])],
    needs: (settings) => definition.needs(read(settings)),
    terms: (inputs, settings) => {
      const options = read(settings);
      const missing = definition.needs(options).find((need) => !isThere(need, inputs));
      if (missing) throw lacking(id, missing);
      return definition.terms(inputs, options);
    },
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

/**
 * Refuses settings that no method would read: a section, or a key of a section, that none of them has.
 *
 * @param methods every method whose settings may be there, in use or not
 * @throws OAL-T111 naming the section or key, and the nearest that exists
 */
export function refuseUnknownSettings(settings: MethodSettings, methods: readonly TrainingMethod[]): void {
  const hint = (name: string, known: readonly string[]): string => {
    const near = suggest(name, known);
    return near === undefined ? "" : `, did you mean "${near}"?`;
  };
  const sections = methods.map(({ section }) => section);
  for (const [section, given] of Object.entries(settings)) {
    if (!sections.includes(section))
      throw oalError("OAL-T111", {
        at: section,
        problem: `no method has this section${hint(section, sections)}`,
      });
    if (typeof given !== "object" || given === null) continue;
    const keys = methods.flatMap((method) => (method.section === section ? method.keys : []));
    for (const key of Object.keys(given)) {
      if (keys.includes(key)) continue;
      throw oalError("OAL-T111", { at: `${section}.${key}`, problem: `is unknown${hint(key, keys)}` });
    }
  }
}
