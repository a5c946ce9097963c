/**
 * What a post-hoc detector is: data about it, an optional fit on features that streams by, and a score as a graph.
 * The graph is all there is: evaluation, export and the browser run the same one.
 */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import type { Graph, Tensor, Value } from "../graph/index.js";
import { hasAll, resolveParameters, type ParameterSchema, type ParameterValues } from "./parameters.js";

/** What a score can be computed from. */
export type DetectorInput = "logits" | "features";

/** A batch of network outputs seen while fitting. */
export interface FitBatch {
  readonly count: number;
  readonly classes: number;
  readonly featureSize: number;
  /** float32 [count, classes] */
  readonly logits: Float32Array;
  /** Penultimate features, float32 [count, featureSize] */
  readonly features: Float32Array;
  /** Class indices [count]. */
  readonly labels: Int32Array;
}

/** Batches in list order, once through. */
export type FitStream = Iterable<FitBatch> | AsyncIterable<FitBatch>;

/** How a detector learns from ID data. */
export interface FitDefinition<Schema extends ParameterSchema, Fitted extends string> {
  /** The ID set it is fitted on (a detector never sees OOD data here). */
  readonly on: "train" | "validation";
  /** Names of the tensors it keeps. */
  readonly tensors: readonly Fitted[];
  /** Computes them in one pass. */
  readonly run: (
    stream: FitStream,
    parameters: ParameterValues<Schema>,
  ) => Promise<Readonly<Record<Fitted, Tensor>>>;
}

/** One detector as its author writes it. */
export interface DetectorDefinition<
  Needs extends DetectorInput,
  Schema extends ParameterSchema,
  Fitted extends string,
> {
  /** OpenOOD's id. */
  readonly id: string;
  readonly title: string;
  /** Other names of the field. */
  readonly aliases: readonly string[];
  readonly needs: readonly Needs[];
  /** Paper, and whose formula it is. */
  readonly source: string;
  /** The confidence as text. */
  readonly formula: string;
  readonly parameters: Schema;
  readonly fit: FitDefinition<Schema, Fitted> | null;
  /** Confidence [N], float32, larger = more in-distribution. */
  readonly score: (
    graph: Graph,
    inputs: Readonly<Record<Needs, Value>> & { readonly fitted: Readonly<Record<Fitted, Value>> },
    parameters: ParameterValues<Schema>,
  ) => Value;
}

/** Values a score is built from. */
export interface ScoreInputs {
  /** float32 [N, C]; absent when the model has none. */
  readonly logits?: Value;
  /** Penultimate features, float32 [N, d]. */
  readonly features?: Value;
  /** The tensors of `fit`, by name. */
  readonly fitted?: Readonly<Record<string, Value>>;
}

/** A detector as everyone else uses it: parameters by name, checked. */
export interface Detector {
  readonly id: string;
  readonly title: string;
  readonly aliases: readonly string[];
  readonly needs: readonly DetectorInput[];
  readonly source: string;
  readonly formula: string;
  readonly parameters: ParameterSchema;
  /** The ID set `fit` needs; null when there is nothing to fit. */
  readonly fitOn: "train" | "validation" | null;
  /** Names of the fitted tensors. */
  readonly fittedNames: readonly string[];
  /**
   * Fits on ID data.
   *
   * @returns tensors to keep with the model; empty when there is nothing to fit
   * @throws OAL-E202 (parameters), OAL-E204 (too little data)
   */
  fit(
    stream: FitStream,
    parameters?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, Tensor>>>;
  /**
   * Adds the confidence [N] to a graph.
   *
   * @throws OAL-E202 (parameters), OAL-E203 (an input or fitted tensor is missing)
   */
  score(graph: Graph, inputs: ScoreInputs, parameters?: Readonly<Record<string, unknown>>): Value;
}

const aDefinition = kinds.fields({
  id: kinds.text,
  aliases: kinds.listOf(kinds.text),
  needs: kinds.listOf(kinds.oneOf(["logits", "features"] satisfies DetectorInput[])),
  parameters: kinds.record,
  score: kinds.callback,
});

/**
 * Makes a detector from its definition.
 *
 * @example
 * export const mls = defineDetector({ id: "mls", needs: ["logits"], ..., fit: null, score: (_graph, { logits }) => reduceMax(logits, [1]) });
 */
export function defineDetector<
  Needs extends DetectorInput,
  Schema extends ParameterSchema,
  Fitted extends string = never,
>(definition: DetectorDefinition<Needs, Schema, Fitted>): Detector {
  expectArguments("defineDetector", { definition: [definition, aDefinition] });
  const { id, title, aliases, needs, source, formula, parameters: schema, fit, score } = definition;
  const fittedNames = fit?.tensors ?? [];
  return {
    id,
    title,
    aliases,
    needs,
    source,
    formula,
    parameters: schema,
    fitOn: fit?.on ?? null,
    fittedNames,
    fit: async (stream, given) => {
      const values = resolveParameters(id, schema, given);
      return fit === null ? {} : fit.run(stream, values);
    },
    score: (graph, inputs, given) => {
      const values = resolveParameters(id, schema, given);
      const fitted = inputs.fitted ?? {};
      const available: Record<string, Value> = {};
      if (inputs.logits !== undefined) available["logits"] = inputs.logits;
      if (inputs.features !== undefined) available["features"] = inputs.features;
      if (!hasAll(available, needs)) throw missing(id, needs, available);
      if (!hasAll(fitted, fittedNames)) throw missing(id, fittedNames, fitted);
      return graph.scope(id, () => score(graph, { ...available, fitted }, values));
    },
  };
}

/** A detector as an argument. */
export const aDetector = kinds.fields({ id: kinds.text, score: kinds.callback, fit: kinds.callback });

function missing(
  detector: string,
  wanted: readonly string[],
  present: Readonly<Record<string, unknown>>,
): Error {
  const absent = wanted.filter((name) => present[name] === undefined);
  return oalError("OAL-E203", { detector, needs: absent.join(" and ") });
}
