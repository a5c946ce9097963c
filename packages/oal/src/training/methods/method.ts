/**
 * What a training method is: a builder of loss terms over a network's outputs; where it needs to, it changes the batch, adds
 * pictures or heads, and says what the exported logits are. Heads that it names belong to the finished model: detectors find them as
 * taps "heads.NAME". One method is one file and one line in index.ts; its options' schema is its
 * part of the configuration, and logging, checkpoints, keys of artifacts and the command line come for free.
 */
import { expectArguments, kinds, oalError, type Head, type Value } from "oal-core";
import type { z } from "zod";
import type {
  Batch,
  BatchInputs,
  BatchSizes,
  ChangeFacts,
  Draw,
  HeadInputs,
  MethodInputs,
  NetworkTaps,
  PictureChange,
} from "./inputs.js";
import type { TermDeclarations, WeightedTerm } from "./terms.js";

/** Sections of a configuration by name. */
export type MethodSettings = Readonly<Record<string, unknown>>;

/** The section of options that stand beside the network's: `teacher` for a teacher, `student` for a student. */
export const ownSection = "training";

/** Options that have no effect beside other options: their names, and the one to blame; false when they have one. */
export type Ignored = readonly [keys: readonly string[], because: string | false];

/** What the logits of a finished model are made of. */
export interface InferenceInputs extends NetworkTaps {
  /** What the method's own heads gave. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** The network's last layer, where it is linear. */
  readonly head?: Head;
}

/** Logits that a linear last layer gives on the model's features. */
export interface FinishedHead {
  readonly logits: Value;
  readonly head: Head;
}

/** Outliers that a method learns from: pictures, or points that are made in a space of features or latents. */
export type OutlierData = "pictures" | "features" | "latents";

/** Everything about a method that does not depend on its options. */
interface Description {
  readonly id: string;
  readonly title: string;
  /** Paper and place of the formula. */
  readonly source: string;
  /** The outlier data it learns from. Absent: none. */
  readonly outliers?: readonly OutlierData[];
  /**
   * The section of the configuration that holds its options. Absent: they stand in the sections of the networks that are
   * trained, `teacher` and `student`.
   */
  readonly section?: string;
  /** What the section is about, in a few words. */
  readonly about?: string;
  /**
   * Options of its section that say where side data come from and which of them a step has, and the names of these data: such an option
   * holds for whichever method needs the data. Absent: none.
   */
  readonly decides?: Readonly<Record<string, readonly string[]>>;
}

/** A training method; its functions take the settings of a run and read their own section of them. */
export interface TrainingMethod extends Description {
  /** Its options: type, range, default and description. */
  readonly schema: z.ZodObject;
  /** Every term it can add to the loss or log. */
  readonly terms: TermDeclarations;
  /** Ids of other registered things that it is made of under these settings. */
  parts(settings: MethodSettings): readonly string[];
  /** Names of the side data that these settings make necessary. */
  needs(settings: MethodSettings): readonly string[];
  /** Which of them are pictures that pass the network together with the batch. */
  shows(settings: MethodSettings): readonly string[];
  /** Which of those pass it by themselves: with batch statistics of their own, which the running ones do not follow. Absent: none. */
  readonly apart?: (settings: MethodSettings) => readonly string[];
  /** Weights above 0, as paths of settings, of its terms by which the student copies what a teacher says. Absent: it copies none. */
  readonly distils?: (settings: MethodSettings) => readonly string[];
  /** Learning rates of its own parameters, relative to the schedule's, by the parameters' prefix. */
  rates(settings: MethodSettings): Readonly<Record<string, number>>;
  /** Its options that have no effect, as keys of its section. */
  ignored(settings: MethodSettings): readonly Ignored[];
  /** Random numbers that `batch` uses. */
  draws(settings: MethodSettings, sizes: BatchSizes): Readonly<Record<string, Draw>>;
  /** Changes the pixels of every batch, after flips and shifts, before they enter the graph. Labels stay. */
  readonly change?: (facts: ChangeFacts, settings: MethodSettings) => PictureChange;
  /** Changes the batch before the network sees it. */
  readonly batch?: (inputs: BatchInputs, settings: MethodSettings) => Batch;
  /**
   * Further pictures made of the batch, by name, float32 [M, 3, H, W], normalised: they pass the network together with it, and `shown`
   * finds what it says of them.
   */
  readonly pictures?: (inputs: BatchInputs, settings: MethodSettings) => Readonly<Record<string, Value>>;
  /** Heads under parameters of its own, float32 [N, k] by name. */
  readonly outputs?: (inputs: HeadInputs, settings: MethodSettings) => Readonly<Record<string, Value>>;
  /** Names of those outputs that the finished model keeps, as taps "heads.NAME" that detectors read. Absent: none. */
  readonly heads?: (settings: MethodSettings) => readonly string[];
  /** Ids of the detectors that read its heads: models that it trained are measured by them too, and hold them. Absent: none. */
  readonly detectors?: (settings: MethodSettings) => readonly string[];
  /** The logits of the exported model, float32 [N, C], or a linear last layer that gives them; absent: the network's. */
  readonly inference?: (inputs: InferenceInputs, settings: MethodSettings) => Value | FinishedHead;
  /** The terms of a step. @throws OAL-T110 for side data that it did not say it needs */
  build(inputs: MethodInputs, settings: MethodSettings): readonly WeightedTerm[];
}

/** A method as one writes it: its functions get their options parsed and typed. */
export interface MethodDefinition<Schema extends z.ZodObject> extends Description {
  /** A strict object; every key with a default and a description. */
  readonly schema: Schema;
  readonly terms: TermDeclarations;
  readonly needs?: (options: z.output<Schema>) => readonly string[];
  readonly shows?: (options: z.output<Schema>) => readonly string[];
  readonly distils?: (options: z.output<Schema>) => readonly string[];
  readonly rates?: (options: z.output<Schema>) => Readonly<Record<string, number>>;
  readonly ignored?: (options: z.output<Schema>) => readonly Ignored[];
  readonly draws?: (options: z.output<Schema>, sizes: BatchSizes) => Readonly<Record<string, Draw>>;
  readonly change?: (facts: ChangeFacts, options: z.output<Schema>) => PictureChange;
  readonly batch?: (inputs: BatchInputs, options: z.output<Schema>) => Batch;
  readonly pictures?: (inputs: BatchInputs, options: z.output<Schema>) => Readonly<Record<string, Value>>;
  readonly outputs?: (inputs: HeadInputs, options: z.output<Schema>) => Readonly<Record<string, Value>>;
  readonly heads?: (options: z.output<Schema>) => readonly string[];
  readonly detectors?: (options: z.output<Schema>) => readonly string[];
  readonly inference?: (inputs: InferenceInputs, options: z.output<Schema>) => Value | FinishedHead;
  /** The values of its terms by name; one that is left out is not part of the step. */
  build(inputs: MethodInputs, options: z.output<Schema>): Readonly<Record<string, Value>>;
}

/** A method whose options can be read. */
export type DefinedMethod<Schema extends z.ZodObject> = TrainingMethod & {
  /** Its options in the settings of a run. @throws OAL-T111 for a value that the schema refuses */
  options(settings: MethodSettings): z.output<Schema>;
};

const aDefinition = kinds.fields({
  id: kinds.name,
  title: kinds.text,
  source: kinds.text,
  section: kinds.optional(kinds.name),
  decides: kinds.optional(kinds.record),
  schema: kinds.record,
  terms: kinds.record,
  build: kinds.callback,
});

/**
 * Makes a method of a definition.
 *
 * Its functions throw OAL-T111 for a value that the schema refuses and OAL-T113 for a term that was not declared.
 */
export function defineMethod<Schema extends z.ZodObject>(
  definition: MethodDefinition<Schema>,
): DefinedMethod<Schema> {
  expectArguments("defineMethod", { definition: [definition, aDefinition] });
  const { id, title, source, section, about, schema, terms } = definition;
  const { change, batch, pictures, outputs, heads, detectors, inference, distils } = definition;
  const read = (settings: MethodSettings): z.output<Schema> =>
    readOptions(schema, settings, section ?? ownSection);
  return {
    id,
    title,
    source,
    ...(definition.outliers ? { outliers: definition.outliers } : {}),
    ...(section === undefined ? {} : { section }),
    ...(about === undefined ? {} : { about }),
    ...(definition.decides ? { decides: definition.decides } : {}),
    schema,
    terms,
    options: read,
    parts: () => [],
    needs: (settings) => definition.needs?.(read(settings)) ?? [],
    shows: (settings) => definition.shows?.(read(settings)) ?? [],
    ...(distils ? { distils: (settings) => distils(read(settings)) } : {}),
    rates: (settings) => definition.rates?.(read(settings)) ?? {},
    ignored: (settings) => definition.ignored?.(read(settings)) ?? [],
    draws: (settings, sizes) => definition.draws?.(read(settings), sizes) ?? {},
    ...(change ? { change: (facts, settings) => change(facts, read(settings)) } : {}),
    ...(batch ? { batch: (inputs, settings) => batch(inputs, read(settings)) } : {}),
    ...(pictures ? { pictures: (inputs, settings) => pictures(inputs, read(settings)) } : {}),
    ...(outputs ? { outputs: (inputs, settings) => outputs(inputs, read(settings)) } : {}),
    ...(heads ? { heads: (settings) => heads(read(settings)) } : {}),
    ...(detectors ? { detectors: (settings) => detectors(read(settings)) } : {}),
    ...(inference ? { inference: (inputs, settings) => inference(inputs, read(settings)) } : {}),
    build: (inputs, settings) => {
      const options = read(settings);
      return termsOf(id, terms, definition.build(inputs, options), options);
    },
  };
}

/**
 * The options of a section.
 *
 * @throws OAL-T111 naming the section and key
 */
export function readOptions<Schema extends z.ZodObject>(
  schema: Schema,
  settings: MethodSettings,
  section: string,
): z.output<Schema> {
  const parsed = schema.safeParse(ownKeys(schema, settings[section] ?? {}));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = [section, ...(issue?.path ?? [])].map(String).join(".");
  throw oalError("OAL-T111", { at, problem: issue?.message ?? "refused" }, parsed.error);
}

/** A section without the keys of others who read it too. */
function ownKeys(schema: z.ZodObject, section: unknown): unknown {
  if (typeof section !== "object" || section === null || Array.isArray(section)) return section;
  return Object.fromEntries(Object.entries(section).filter(([key]) => Object.hasOwn(schema.shape, key)));
}

/** Values with the weights that their declarations name. @throws OAL-T113 */
export function termsOf(
  method: string,
  declared: TermDeclarations,
  values: Readonly<Record<string, Value>>,
  options: Readonly<Record<string, unknown>>,
): WeightedTerm[] {
  return Object.entries(values).map(([name, value]) => {
    const declaration = declared[name];
    if (declaration === undefined)
      throw oalError("OAL-T113", { method, term: name, problem: "is not declared" });
    const { weight } = declaration;
    const factor = typeof weight === "string" ? options[weight] : (weight ?? 0);
    if (typeof factor !== "number")
      throw oalError("OAL-T113", { method, term: name, problem: `has no number in its option ${weight}` });
    return { name, value, weight: factor };
  });
}
