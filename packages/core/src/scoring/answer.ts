/** What is said of one picture: one form for Node, browsers and the command line, made from a model's outputs in one place. */
import { expectArguments, kinds, oalError, type OalError } from "../errors/index.js";

/** A class and its probability. */
export interface RankedLabel {
  readonly label: string;
  /** 0..1 */
  readonly confidence: number;
}

/** A picture that was scored. */
export interface ScoredPicture {
  /** What it is called: its path, unless its caller named it. */
  readonly id: string;
  /** Whether it looks like the pictures the model was trained for: the detector's score reaches the cut. */
  readonly known: boolean;
  /** Known, but to be looked at by a person; absent where the model has no such cut. */
  readonly ask?: boolean;
  /** Name of the most probable class; of an unknown picture only the nearest one. */
  readonly label: string;
  /** Place of that class among the model's, from 0; several may have one name. */
  readonly classIndex: number;
  /** Softmax probability of that class, 0..1. */
  readonly confidence: number;
  /** Share of known pictures at least as strange as this one, in (0, 1]. */
  readonly pValue: number;
  /** The detector's score; larger means more like the known pictures. */
  readonly score: number;
  /** Id of the detector. */
  readonly detector: string;
  /** The most probable classes, the best first. */
  readonly top: readonly RankedLabel[];
  readonly error?: undefined;
}

/** A picture that could not be scored, and why. */
export interface UnreadablePicture {
  readonly id: string;
  readonly known: null;
  readonly ask?: undefined;
  readonly label: null;
  readonly classIndex: null;
  readonly confidence: null;
  readonly pValue: null;
  readonly score: null;
  readonly detector: string;
  readonly top: readonly [];
  readonly error: OalError;
}

/** What became of one picture; `result.error` tells which. */
export type ScoreResult = ScoredPicture | UnreadablePicture;

/** What a model file gave of a batch of N pictures. */
export interface BatchOutputs {
  /** [N, C], row by row */
  readonly logits: ArrayLike<number>;
  /** [N] */
  readonly score: ArrayLike<number>;
  /** [N] */
  readonly pValue: ArrayLike<number>;
  /** [N], 1 for known */
  readonly known: ArrayLike<number>;
  /** [N]; absent where the model has no such cut */
  readonly ask?: ArrayLike<number> | undefined;
}

/** Of what and how an answer is made. */
export interface AnswerOptions {
  /** The model's file, for errors. */
  readonly path: string;
  readonly classNames: readonly string[];
  /** Id of the detector. */
  readonly detector: string;
  /** How many classes an answer names, the best first. */
  readonly top: number;
  /** Score from which a picture is known. Default: what the model says. */
  readonly threshold?: number | undefined;
}

const batchOutputs = kinds.fields({
  logits: kinds.numbers,
  score: kinds.numbers,
  pValue: kinds.numbers,
  known: kinds.numbers,
  ask: kinds.optional(kinds.numbers),
});
const answerOptions = kinds.fields({
  path: kinds.text,
  classNames: kinds.listOf(kinds.text),
  detector: kinds.text,
  top: kinds.count,
  threshold: kinds.optional(kinds.number),
});

/**
 * What a model said of one picture of a batch. A score that is no number gives a result with an error.
 *
 * @param row its place in the batch, from 0
 */
export function answerOf(
  outputs: BatchOutputs,
  row: number,
  id: string,
  options: AnswerOptions,
): ScoreResult {
  expectArguments("answerOf", {
    outputs: [outputs, batchOutputs],
    row: [row, kinds.count],
    id: [id, kinds.text],
    options: [options, answerOptions],
  });
  const { path, classNames, detector, top, threshold } = options;
  const score = outputs.score[row] ?? Number.NaN;
  if (Number.isNaN(score)) return unreadable(id, detector, oalError("OAL-E216", { path, detector, id }));
  const width = outputs.logits.length / outputs.score.length;
  const logits = Array.from({ length: width }, (_, i) => outputs.logits[row * width + i] ?? 0);
  const ranked = rankLabels(logits, classNames, Math.max(1, top));
  const known = threshold === undefined ? outputs.known[row] === 1 : score >= threshold;
  return {
    id,
    known,
    ...(outputs.ask ? { ask: known && outputs.ask[row] === 1 } : {}),
    label: ranked[0]?.label ?? "",
    classIndex: logits.indexOf(Math.max(...logits)),
    confidence: ranked[0]?.confidence ?? 0,
    pValue: outputs.pValue[row] ?? 0,
    score,
    detector,
    top: ranked.slice(0, top),
  };
}

/** The result of a picture that could not be scored. */
export function unreadable(id: string, detector: string, error: OalError): UnreadablePicture {
  return {
    id,
    known: null,
    label: null,
    classIndex: null,
    confidence: null,
    pValue: null,
    score: null,
    detector,
    top: [],
    error,
  };
}

/** Classes by probability, the first of equals first. */
function rankLabels(logits: readonly number[], classNames: readonly string[], count: number): RankedLabel[] {
  const order = logits.map((value, index) => ({ value, label: classNames[index] ?? String(index) }));
  order.sort((a, b) => b.value - a.value);
  const largest = order[0]?.value ?? 0;
  const sum = logits.reduce((all, value) => all + Math.exp(value - largest), 0);
  return order.slice(0, count).map(({ value, label }) => ({
    label,
    confidence: Math.exp(value - largest) / sum,
  }));
}

/**
 * Whether a picture is known at another keep rate than the one a model was written with: at `keep` = 0.95 about 95 of 100 pictures of
 * the known kind are. Compared in float32, as p values are.
 *
 * @param pValue of a result
 * @param keep share of known pictures that shall be called known, in (0, 1)
 * @example keptAt(0.04, 0.95)   // false; keptAt(0.04, 0.97) is true
 */
export function keptAt(pValue: number, keep: number): boolean {
  expectArguments("keptAt", { pValue: [pValue, kinds.number], keep: [keep, kinds.fraction] });
  return Math.fround(pValue) > Math.fround(1 - keep);
}
