/** What is said of one picture: the one result type of the library and of `oal score`. */
import { shortestFloat32, type OalError } from "oal-core";

/** Names the form of results in JSON; a form that differs gets another number. */
export const scoreFormat = "oal.score/1";

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
  readonly label: null;
  readonly confidence: null;
  readonly pValue: null;
  readonly score: null;
  readonly detector: string;
  readonly top: readonly [];
  readonly error: OalError;
}

/** What became of one picture; `result.error` tells which. */
export type ScoreResult = ScoredPicture | UnreadablePicture;

/** A result as plain data: float32 numbers in few digits, errors as code and message. */
export function scoreResultToJson(result: ScoreResult): Record<string, unknown> {
  const { error, ...rest } = result;
  if (error) return { ...rest, error: { code: error.code, message: error.message } };
  const { pValue, score } = rest;
  return {
    ...rest,
    pValue: pValue === null ? null : shortestFloat32(pValue),
    score: score === null ? null : shortestFloat32(score),
  };
}
