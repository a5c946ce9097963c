/**
 * What an exposure is: a use of outlier pictures in training. They pass the student together with the batch; an exposure makes
 * loss terms of what it says. One exposure is one file and one line in index.ts; its options stand in the section `exposure`.
 */
import { expectArguments, kinds, type Value } from "oal-core";
import type { z } from "zod";
import type { ByName, NetworkTaps } from "../methods/inputs.js";
import type { Ignored } from "../methods/method.js";
import type { TermDeclarations } from "../methods/terms.js";

/** What an exposure builds its terms of. N images, M outliers, C classes. */
export interface ExposureInputs extends NetworkTaps {
  /** The student's outputs on the outliers, [M, C] and [M, F]. */
  readonly outliers: NetworkTaps;
  /** The side data that the exposure needs. */
  readonly side: ByName<Value>;
}

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
  /** Side data beside the outlier pictures. */
  readonly needs?: readonly string[];
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
  build: kinds.callback,
});

/** An exposure, typed by its schema. */
export function defineExposure<Schema extends z.ZodObject>(
  definition: Omit<Exposure<z.output<Schema>>, "schema"> & { readonly schema: Schema },
): Exposure {
  expectArguments("defineExposure", { definition: [definition, aDefinition] });
  const { schema, ignored, build, ...rest } = definition;
  return {
    ...rest,
    schema,
    ...(ignored ? { ignored: (options) => ignored(schema.parse(options)) } : {}),
    build: (inputs, options) => build(inputs, schema.parse(options)),
  };
}
