/**
 * What a post-hoc detector is: data about it, an optional fit on outputs that stream by, an optional bank of training rows, and
 * a score as a graph. The graph is all there is: evaluation, export and the browser run the same one.
 */
import { expectArguments, isOalError, kinds, oalError } from "../errors/index.js";
import { concat, slice, type Graph, type Tensor, type Value } from "../graph/index.js";
import { aGraph } from "../graph/value.js";
import type { TapName } from "../classifier/taps.js";
import { bankBlock, bankConstant, type BankDefinition } from "./bank.js";
import type {
  FitDefinition,
  FitSet,
  FitSource,
  FitStreams,
  ImageDraw,
  Measurement,
  StreamTap,
} from "./fit.js";
import { algebraHere, type Algebra } from "./fitting/algebra.js";
import { aTapName, detectorInputs, fittedConstants, type DetectorInputs, type SomeTaps } from "./inputs.js";
import {
  aParameterSchema,
  resolveParameters,
  type ParameterSchema,
  type ParameterValues,
} from "./parameters.js";
import { checkFitted, checkScore, fillBank } from "./results.js";
import { aRowSource, keepInMemory, type RowKeeper, type RowSource } from "./rows.js";
import { sharedScore } from "./sharedScore.js";

/** One detector as its author writes it: a `score`, or a `bank` with a score of its own. */
export interface DetectorDefinition<
  Needs extends TapName,
  Schema extends ParameterSchema,
  Fitted extends string,
  FitNeeds extends StreamTap,
  BankNeeds extends StreamTap,
> {
  /** OpenOOD's id. */
  readonly id: string;
  readonly title: string;
  /** Other names of the field. */
  readonly aliases?: readonly string[];
  /** Raise it when the code changes scores, so that what was computed before is not taken for the same. Default 1. */
  readonly version?: number;
  /**
   * Whether the score jumps where a sign or a rank changes, so that a difference in the last bit of what an engine computes may
   * become any difference of the score. Said in model files; engines then agree in most pictures. Default false.
   */
  readonly jumps?: boolean;
  /**
   * Whether the formula takes features for activations of at least 0, as they are behind a ReLU. With others, as a transformer's, it says
   * little, and whoever fits it is warned. Default false.
   */
  readonly assumesPositive?: boolean;
  /**
   * The taps the score is built from. With logits, features and head alone it is computed from stored outputs; any other tap
   * has it built inside the model's own graph.
   */
  readonly needs: readonly Needs[];
  /** Paper, and whose formula it is. */
  readonly source: string;
  /** The confidence as text. */
  readonly formula: string;
  /** What a picture costs and, after "; ", what is kept: by classes C, features d, training pictures N. Default: not said. */
  readonly cost?: string;
  /** Where OpenOOD, pytorch-ood or this differ from the paper, in sentences. Default none. */
  readonly notes?: readonly string[];
  readonly parameters: Schema;
  /** The parameters that a fit and a bank's rows depend on, so that a search fits anew only where it must. Default: all. */
  readonly fitReads?: readonly (keyof Schema & string)[];
  readonly fit?: FitDefinition<
    ParameterValues<Schema>,
    DetectorInputs<Needs, never>,
    FitNeeds,
    Fitted
  > | null;
  readonly bank?: BankDefinition<ParameterValues<Schema>, DetectorInputs<Needs, Fitted>, BankNeeds>;
  /** Confidence [N], float32, larger = more in-distribution. */
  readonly score?: (
    graph: Graph,
    inputs: DetectorInputs<Needs, Fitted>,
    parameters: ParameterValues<Schema>,
  ) => Value;
}

/** What a fit kept. */
export interface Fitted {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The bank's rows; null for detectors without one. */
  readonly bank: RowSource | null;
}

/** Values by name, not yet checked. */
type Given = Readonly<Record<string, unknown>>;

/** A bank as everyone else uses it. */
export interface DetectorBank {
  /** The taps that its rows are made of. */
  readonly needs: readonly StreamTap[];
  /** See {@link BankDefinition.holds}: the positions of the images of a set of `total` that enter the bank. */
  held(total: number, given?: Given): readonly number[];
  /**
   * Refuses a bank of too few rows: parameters may have changed since it was filled.
   *
   * @throws OAL-E204
   */
  check(count: number, given?: Given): void;
  /** See {@link BankDefinition.sampled}; all parameters, checked. */
  sampled(parameters: Given, share: number): ParameterValues;
  /** See {@link BankDefinition.partial}. */
  partial(
    graph: Graph,
    taps: SomeTaps,
    fitted: Readonly<Record<string, Value>>,
    rows: Value,
    given?: Given,
  ): Value;
  /** See {@link BankDefinition.merge}. */
  merge(graph: Graph, partials: Value, given?: Given): Value;
  /** See {@link BankDefinition.score}. */
  score(
    graph: Graph,
    taps: SomeTaps,
    fitted: Readonly<Record<string, Value>>,
    compared: Value,
    given?: Given,
  ): Value;
}

/** A detector as everyone else uses it: parameters by name, checked. */
export interface Detector {
  readonly id: string;
  readonly title: string;
  readonly aliases: readonly string[];
  readonly version: number;
  /** See {@link DetectorDefinition.jumps}. */
  readonly jumps: boolean;
  /** See {@link DetectorDefinition.assumesPositive}. */
  readonly assumesPositive: boolean;
  readonly needs: readonly TapName[];
  readonly source: string;
  readonly formula: string;
  /** See {@link DetectorDefinition.cost}; empty where its author does not say. */
  readonly cost: string;
  readonly notes: readonly string[];
  readonly parameters: ParameterSchema;
  /** Names of the fitted tensors, without the bank. */
  readonly fittedNames: readonly string[];
  /** Null for detectors without a bank. */
  readonly bank: DetectorBank | null;
  /** The ID set that `fit` reads; null when there is nothing to fit. */
  fitOn(given?: Given): FitSet | null;
  /** The parameters that `fit` depends on. */
  readonly fitReads: readonly string[];
  /** The text of the functions that fit it: what another text has fitted is not taken for the same. */
  readonly fitCode: string;
  /** The taps that `fit` reads. */
  readonly fitTaps: readonly StreamTap[];
  /**
   * Fits on ID data.
   *
   * @param keep  where a bank's rows are kept; default: in memory
   * @param algebra  what decomposes and multiplies large matrices; default: this thread
   * @throws OAL-E202 (parameters), OAL-E203 (no such set or tap), OAL-E204 (too little data), OAL-E240 (its author's fit
   *   returned something else than it names), OAL-E292 (it looks at classes, and no image has one)
   */
  fit(source: FitSource, given?: Given, keep?: RowKeeper, algebra?: Algebra): Promise<Fitted>;
  /** What whoever fits it should know of what came out, in sentences; usually none. */
  remarks(fitted: Fitted, given?: Given): readonly string[];
  /**
   * Adds the confidence [N] to a graph of the taps, what was fitted as its constants ("ID.bank", "ID.NAME").
   *
   * @param taps  values of that graph
   * @param fitted  what `fit` returned; default: nothing
   * @throws OAL-E202 (parameters), OAL-E203 (a tap or fitted tensor is missing), OAL-E204 (the bank is too small), OAL-E241
   *   (its author's score is no float32 [N]), OAL-E242 (the bank is too large for a graph)
   */
  score(graph: Graph, taps: SomeTaps, fitted?: Fitted, given?: Given): Value;
}

const aDefinition = kinds.fields({
  id: kinds.name,
  title: kinds.text,
  aliases: kinds.optional(kinds.listOf(kinds.text)),
  needs: kinds.listOf(aTapName),
  parameters: aParameterSchema,
  score: kinds.optional(kinds.callback),
  fit: kinds.optional(
    kinds.nullable(kinds.fields({ tensors: kinds.listOf(kinds.text), run: kinds.callback })),
  ),
  bank: kinds.optional(
    kinds.fields({
      rows: kinds.callback,
      partial: kinds.callback,
      merge: kinds.callback,
      score: kinds.callback,
    }),
  ),
});

/** Builds a part of a detector. @throws OAL-E278 where it asks for a gradient that the model has not */
function withGradients<T>(detector: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (isOalError(error, "OAL-G103")) throw oalError("OAL-E278", { detector, ...error.details }, error);
    throw error;
  }
}

function hasTensors<Name extends string>(
  tensors: Readonly<Record<string, Tensor>>,
  names: readonly Name[],
): tensors is Readonly<Record<Name, Tensor>> {
  return names.every((name) => name in tensors);
}

const aFitted = kinds.fields({ tensors: kinds.record, bank: kinds.nullable(aRowSource) });

/** A detector as an argument. */
export const aDetector = kinds.fields({ id: kinds.text, score: kinds.callback, fit: kinds.callback });

/**
 * Makes a detector from its definition.
 *
 * @throws OAL-C120 when the definition is none: every parameter's default must be legal, `score` or `bank` must be there
 * @example
 * export const mls = defineDetector({ id: "mls", needs: ["logits"], ..., score: (_graph, { logits }) => reduceMax(logits, [1]) });
 */
export function defineDetector<
  Needs extends TapName,
  Schema extends ParameterSchema,
  Fitted extends string = never,
  FitNeeds extends StreamTap = never,
  BankNeeds extends StreamTap = never,
>(definition: DetectorDefinition<Needs, Schema, Fitted, FitNeeds, BankNeeds>): Detector {
  expectArguments("defineDetector", { definition: [definition, aDefinition] });
  const { id, title, aliases = [], version = 1, needs, source, formula, parameters: schema } = definition;
  const { fit = null, bank, score } = definition;
  if (!score && !bank) expectArguments("defineDetector", { "definition.score": [score, kinds.callback] });
  const fittedNames = fit?.tensors ?? [];
  const resolve = (given: Given = {}): ParameterValues<Schema> => resolveParameters(id, schema, given);
  const inputsOf = (taps: SomeTaps, fitted: Readonly<Record<string, Value>>): DetectorInputs<Needs, Fitted> =>
    detectorInputs(id, needs, taps, fittedNames, fitted);
  const setOf = (
    on: FitSet | ((parameters: ParameterValues<Schema>) => FitSet),
    values: ParameterValues<Schema>,
  ): FitSet => (typeof on === "function" ? on(values) : on);

  /** The confidence with the whole bank in the graph, block by block. */
  const scoreWithBank = (
    definition: NonNullable<typeof bank>,
    graph: Graph,
    inputs: DetectorInputs<Needs, Fitted>,
    rows: Value | undefined,
    values: ParameterValues<Schema>,
  ): Value => {
    if (!rows) throw oalError("OAL-E203", { detector: id, needs: "bank" });
    const [count = 0, width = 0] = rows.shape;
    definition.check?.(count, values);
    const parts: Value[] = [];
    for (let start = 0; start < count; start += bankBlock) {
      const end = Math.min(start + bankBlock, count);
      const block = count <= bankBlock ? rows : slice(rows, [start, 0], [end, width], [0, 1]);
      parts.push(definition.partial(graph, inputs, block, values));
    }
    const [only] = parts;
    const compared = parts.length === 1 && only ? only : definition.merge(graph, concat(parts, 1), values);
    return definition.score(graph, inputs, compared, values);
  };

  return {
    id,
    title,
    aliases,
    version,
    jumps: definition.jumps ?? false,
    assumesPositive: definition.assumesPositive ?? false,
    needs,
    source,
    formula,
    cost: definition.cost ?? "",
    notes: definition.notes ?? [],
    parameters: schema,
    fittedNames,
    fitReads: definition.fitReads ?? Object.keys(schema),
    fitCode: [fit?.run, fit?.draws, fit?.measure].map(String).join("\n"),
    fitTaps: [...(fit?.needs ?? []), ...(bank?.needs ?? [])],
    fitOn: (given) => {
      const on = fit?.on ?? bank?.on;
      return on === undefined ? null : setOf(on, resolve(given));
    },
    fit: async (find, given, keep = keepInMemory, algebra = algebraHere) => {
      const values = resolve(given);
      const measure = fit?.measure;
      const measured: Measurement | undefined =
        measure &&
        ((graph, taps) =>
          withGradients(id, () => measure(graph, detectorInputs(id, needs, taps, [], {}), values)));
      const streamsOf = <Name extends StreamTap>(
        set: FitSet,
        taps: readonly Name[],
        drawn?: ImageDraw,
      ): FitStreams<Name> => {
        const refuse = (needs: string): Error => oalError("OAL-E203", { detector: id, needs });
        const streams = find(set, taps, measured, drawn);
        const wanted = taps.filter((tap) => tap !== "measured");
        const inside = wanted.length < taps.length ? needs : [];
        const all = [...new Set<string>([...wanted, ...inside])].join(" and ");
        if (!streams) throw refuse(`${all} of the ID ${set} images`);
        const { head, ...rest } = streams;
        return {
          ...rest,
          algebra,
          head() {
            if (head) return head;
            throw refuse("a linear last layer");
          },
        };
      };
      const draws = fit?.draws;
      const labelled = fit?.labelled ?? false;
      const drawn: ImageDraw | undefined =
        draws || labelled
          ? (labels) => {
              const rows = draws ? draws(labels, values) : Array.from(labels.keys());
              return labelled ? rows.filter((row) => (labels[row] ?? -1) >= 0) : rows;
            }
          : undefined;
      const withClasses = <Name extends StreamTap>(streams: FitStreams<Name>): FitStreams<Name> => {
        if (!labelled || streams.count > 0) return streams;
        const problem = "none of the images that it is fitted on has a class";
        throw oalError("OAL-E292", { detector: id, problem });
      };
      const tensors = fit
        ? await fit.run(withClasses(streamsOf(setOf(fit.on, values), fit.needs, drawn)), values)
        : {};
      checkFitted(id, tensors, fittedNames);
      if (!bank) return { tensors, bank: null };
      const streams = streamsOf(setOf(bank.on, values), bank.needs);
      const rows = await fillBank(id, streams, (batch) => bank.rows(batch, values), keep);
      bank.check?.(rows.count, values);
      return { tensors, bank: rows };
    },
    remarks: ({ tensors }, given) => {
      const sentences = hasTensors(tensors, fittedNames) ? fit?.remarks?.(tensors, resolve(given)) : [];
      return (sentences ?? []).map((sentence) => `${id}: ${sentence}`);
    },
    bank: bank
      ? {
          needs: bank.needs,
          held: (total, given) => {
            const holds = bank.holds?.(total, resolve(given));
            const all = Array.from({ length: total }, (_, image) => image);
            return holds ? all.filter(holds) : all;
          },
          check: (count, given) => bank.check?.(count, resolve(given)),
          sampled: (given, share) => {
            const values = resolve(given);
            return resolve({ ...values, ...bank.sampled?.(values, share) });
          },
          partial: (graph, taps, fitted, rows, given) =>
            graph.scope(id, () => bank.partial(graph, inputsOf(taps, fitted), rows, resolve(given))),
          merge: (graph, partials, given) =>
            graph.scope(id, () => bank.merge(graph, partials, resolve(given))),
          score: (graph, taps, fitted, compared, given) =>
            checkScore(
              id,
              taps,
              graph.scope(id, () => bank.score(graph, inputsOf(taps, fitted), compared, resolve(given))),
            ),
        }
      : null,
    score: (graph, taps, fitted = { tensors: {}, bank: null }, given = {}) => {
      expectArguments("Detector.score", {
        graph: [graph, aGraph],
        taps: [taps, kinds.record],
        fitted: [fitted, aFitted],
        parameters: [given, kinds.record],
      });
      const values = resolve(given);
      return sharedScore(graph, { detector: id, taps, fitted, parameters: values }, () => {
        const inputs = inputsOf(taps, fittedConstants(graph, id, fitted.tensors));
        const rows = bank && fitted.bank ? bankConstant(graph, id, fitted.bank) : undefined;
        const made = withGradients(id, () =>
          graph.scope(id, () =>
            bank ? scoreWithBank(bank, graph, inputs, rows, values) : score?.(graph, inputs, values),
          ),
        );
        return checkScore(id, taps, made);
      });
    },
  };
}
