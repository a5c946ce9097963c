/** The forms in which `oal score` prints results: a table and one JSON document at the end, lines of JSON and CSV as they come. */
import { stringify } from "csv-stringify/sync";
import { shortestFloat32, type ScoreResult } from "oal-core";
import { scoreFormat, scoreResultToJson } from "../../bundle/scoreResult.js";
import type { Scorer } from "../../bundle/scorer.js";
import { scoreTable, type TableStyle } from "./scoreTable.js";

/** A way to print results; every function gives the text to print now. */
export interface ScoreForm {
  /** Whether run, model and detector are not part of it. */
  readonly silent: boolean;
  begin(): string;
  row(result: ScoreResult): string;
  end(): string;
}

/** One row for every picture, and a line that sums up. */
export function tableForm(model: string, scorer: Scorer, style: TableStyle): ScoreForm {
  const results: ScoreResult[] = [];
  return {
    silent: false,
    begin: () => "",
    row: (result) => {
      results.push(result);
      return "";
    },
    end: () => scoreTable(model, scorer, results, style),
  };
}

/** One JSON document: what was asked, and every result. */
export function jsonForm(model: string, scorer: Scorer, skipped: ReadonlyMap<string, number>): ScoreForm {
  const results: Record<string, unknown>[] = [];
  const { path, facts, detector, threshold } = scorer;
  return {
    silent: false,
    begin: () => "",
    row: (result) => {
      results.push(scoreResultToJson(result));
      return "";
    },
    end: () => {
      const asked = { given: model, model: path, name: facts.name, detector, threshold };
      const shown = { format: scoreFormat, ...asked, results, skipped: Object.fromEntries(skipped) };
      return `${JSON.stringify(shown, null, 2)}\n`;
    },
  };
}

/** One result a line. */
export function jsonLinesForm(): ScoreForm {
  return {
    silent: true,
    begin: () => "",
    row: (result) => `${JSON.stringify(scoreResultToJson(result))}\n`,
    end: () => "",
  };
}

/**
 * CSV with a header; cells of what could not be scored are empty, and so is `ask` where the model has no such cut.
 *
 * @param top classes beyond the first have columns label2, confidence2, ...
 */
export function csvForm(top: number): ScoreForm {
  const more = Array.from({ length: Math.max(0, top - 1) }, (_, i) => i + 2);
  const columns = [
    "id",
    "known",
    "ask",
    "label",
    "confidence",
    "pValue",
    "score",
    "detector",
    ...more.flatMap((rank) => [`label${rank}`, `confidence${rank}`]),
    "error",
    "reason",
  ];
  return {
    silent: true,
    begin: () => stringify([columns]),
    row: ({ id, known, ask, label, confidence, pValue, score, detector, top: ranked, error }) =>
      stringify([
        [
          id,
          known === null ? "" : String(known),
          ask === undefined ? "" : String(ask),
          label,
          confidence,
          pValue === null ? "" : shortestFloat32(pValue),
          score === null ? "" : shortestFloat32(score),
          detector,
          ...more.flatMap((rank) => [ranked[rank - 1]?.label, ranked[rank - 1]?.confidence]),
          error?.code,
          error?.message,
        ],
      ]),
    end: () => "",
  };
}
