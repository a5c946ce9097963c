/**
 * What an exposure is: a use of outliers in training. Pictures of them pass the student beside the batch, or outlier embeddings are
 * brought into its feature space; an exposure makes loss terms of what the student says. One exposure is one file and one line in
 * index.ts; its options stand in the section `exposure`.
 */
import { expectArguments, kinds, type Head, type Value } from "oal-core";
import type { z } from "zod";
import type { TrainingContext } from "../../nn/context.js";
import type { ByName, HeadInputs, NetworkTaps } from "../methods/inputs.js";
import type { Ignored } from "../methods/method.js";
import type { TermDeclarations } from "../methods/terms.js";

/** What an exposure builds its terms of. N images, M outliers, C classes, F features. */
export interface ExposureInputs extends NetworkTaps {
  /** Where parameters of the exposure itself are declared: they are trained with the student and not exported. */
  readonly context: TrainingContext;
  /** float32 [N, C], one-hot or mixed. */
  readonly labels: Value;
  /** The student's last layer, where it is linear. */
  readonly head?: Head;
  /** The student's outputs on the outlier pictures, [M, C] and [M, F]. @throws OAL-T110 for an exposure that does not need them */
  readonly outliers: NetworkTaps;
  /**
   * Outlier embeddings brought into the student's feature space by a map that is fitted in the step, float32 [N, F], constant.
   *
   * @throws OAL-T110 for an exposure that does not need `alignedNeeds`
   */
  readonly alignedOutliers: () => Value;
  /** What the exposure's own heads gave on the images (`outputs`). */
  readonly heads: ByName<Value>;
  /** What they gave on the outlier pictures. */
  readonly outlierHeads: ByName<Value>;
  /** The side data that the exposure needs. */
  readonly side: ByName<Value>;
}

/** Side data of an exposure to pictures. */
export const picturesNeeds: readonly string[] = ["outlierImages"];
/** Side data of an exposure to outlier embeddings in the student's feature space. */
export const alignedNeeds: readonly string[] = ["outlierEmbeddings", "teacherFeatures"];

/** A use of outliers. Its terms count from the configured start on. */
export interface Exposure<Options = Readonly<Record<string, unknown>>> {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Its keys of the section `exposure`: a strict object, every key with default and description. */
  readonly schema: z.ZodObject & z.ZodType<Options>;
  readonly terms: TermDeclarations;
  /** The options that hold its weights: with all of them at 0 it is not part of the step. */
  readonly weights: readonly string[];
  /** Whether the student copies by it what a teacher says. Absent: no. */
  readonly distils?: true;
  /** Names of the side data that these options make necessary. Absent: the outlier pictures alone. */
  needs?(options: Options): readonly string[];
  /** Heads under parameters of their own, float32 [N, k] by name: no other exposure's or method's has the name. */
  outputs?(inputs: HeadInputs, options: Options): Readonly<Record<string, Value>>;
  /** Names of those that the finished model keeps, as taps "heads.NAME" that detectors read. */
  readonly keeps?: readonly string[];
  /** Ids of the detectors that read them. */
  readonly detectors?: readonly string[];
  /** Its options that have no effect, as keys of the section. */
  ignored?(options: Options): readonly Ignored[];
  /** The values of its terms by name; one that is left out is not part of the step. */
  build(inputs: ExposureInputs, options: Options): Readonly<Record<string, Value>>;
}

const aDefinition = kinds.fields({
  id: kinds.name,
  title: kinds.text,
  source: kinds.text,
  schema: kinds.record,
  terms: kinds.record,
  weights: kinds.listOf(kinds.name),
  needs: kinds.optional(kinds.callback),
  outputs: kinds.optional(kinds.callback),
  build: kinds.callback,
});

/** An exposure, typed by its schema. */
export function defineExposure<Schema extends z.ZodObject>(
  definition: Omit<Exposure<z.output<Schema>>, "schema"> & { readonly schema: Schema },
): Exposure {
  expectArguments("defineExposure", { definition: [definition, aDefinition] });
  const { schema, needs, outputs, ignored, build, ...rest } = definition;
  return {
    ...rest,
    schema,
    ...(needs ? { needs: (options) => needs(schema.parse(options)) } : {}),
    ...(outputs ? { outputs: (inputs, options) => outputs(inputs, schema.parse(options)) } : {}),
    ...(ignored ? { ignored: (options) => ignored(schema.parse(options)) } : {}),
    build: (inputs, options) => build(inputs, schema.parse(options)),
  };
}
