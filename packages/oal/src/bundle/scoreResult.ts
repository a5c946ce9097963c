/** Results of `oal score` as plain data. */
import { shortestFloat32, type ScoreResult } from "oal-core";

/** Names the form of results in JSON; a form that differs gets another number. */
export const scoreFormat = "oal.score/1";

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
