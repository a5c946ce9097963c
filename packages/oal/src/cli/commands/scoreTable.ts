/** Scored pictures as a table. */
import Table from "cli-table3";
import { printable, type OalError, type ScoreResult } from "oal-core";
import pc from "picocolors";
import type { Scorer } from "../../bundle/scorer.js";

/** How a table looks. */
export interface TableStyle {
  readonly color: boolean;
  /** Classes a row names. */
  readonly top: number;
}

/** One row for every picture, and what they were asked of. */
export function scoreTable(
  model: string,
  scorer: Scorer,
  results: readonly ScoreResult[],
  { color, top }: TableStyle,
): string {
  const { green, yellow, red, dim } = pc.createColors(color);
  const table = new Table({
    head: ["image", "verdict", "label", "confidence", "score", "p value"],
    colAligns: ["left", "left", "left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const result of results) {
    const path = printable(result.id);
    if (result.error) {
      const reason = `${result.error.code} ${reasonOf(result.id, result.error)}`;
      table.push([path, red("unreadable"), { content: reason, colSpan: 4, hAlign: "left" }]);
      continue;
    }
    const { known, ask, score, pValue } = result;
    // the label of an unknown image is only the nearest class
    const sure = known ? (text: string): string => text : dim;
    const verdict = known ? (ask === true ? yellow("known?") : green("known")) : yellow("unknown");
    const ranked = result.top.slice(0, Math.max(1, top));
    const labels = ranked.map(({ label }) => sure(printable(label))).join("\n");
    const shares = ranked.map(({ confidence }) => sure(`${(100 * confidence).toFixed(1)} %`)).join("\n");
    table.push([path, verdict, labels, shares, score.toFixed(3), pValueText(pValue)]);
  }
  return `${table.toString()}\n${counts(results)}\n${modelSentence(model, scorer)}\n`;
}

function pValueText(pValue: number): string {
  return pValue < 0.001 ? "<0.001" : pValue.toFixed(3);
}

function counts(results: readonly ScoreResult[]): string {
  const of = (known: boolean | null): number => results.filter((each) => each.known === known).length;
  const unreadable = of(null);
  const asked = results.filter(({ ask }) => ask === true).length;
  const parts = [`${of(true)} known${asked > 0 ? ` (${asked} to ask about)` : ""}`, `${of(false)} unknown`];
  if (unreadable > 0) parts.push(`${unreadable} unreadable`);
  return parts.join(", ");
}

/** Which model and detector were asked, from which score on a picture is known, and what "known?" means where there is such a cut. */
export function modelSentence(model: string, { path, facts, detector, threshold }: Scorer): string {
  const of = path === model ? "" : ` of ${printable(model)}`;
  const cut = threshold === null ? "the cut of the predicted class" : threshold.toFixed(3);
  const rule = `known: ${detector} score of at least ${cut}`;
  const asks = facts.detectors.some(({ id, outputs }) => id === detector && outputs.ask !== undefined);
  const second = asks ? "; known?: known, but near the cut, a person should look" : "";
  return `model ${printable(facts.name)}${of} (${printable(path)}); ${rule}${second}`;
}

/** The sentence of a failure without the name that stands beside it. */
export function reasonOf(id: string, error: OalError): string {
  const shown = `${printable(id)}: `;
  return error.message.startsWith(shown) ? error.message.slice(shown.length) : error.message;
}

/** The more unknown first: by p value, then by score; what could not be read last. */
export function byUnknown(a: ScoreResult, b: ScoreResult): number {
  if (a.error || b.error) return Number(a.error !== undefined) - Number(b.error !== undefined);
  return a.pValue - b.pValue || a.score - b.score;
}
