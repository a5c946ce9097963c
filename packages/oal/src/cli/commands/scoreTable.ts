/** Scored pictures as a table and as JSON. */
import Table from "cli-table3";
import { printable } from "oal-core";
import pc from "picocolors";
import type { FailedImage, ImageResult } from "../../pipeline/runTypes.js";

/** An array of what the library gives; errors as code and message. */
export function scoreJson(results: readonly ImageResult[]): string {
  const shown = results.map((result) =>
    "error" in result
      ? { path: result.path, error: { code: result.error.code, message: result.error.message } }
      : result,
  );
  return `${JSON.stringify(shown, null, 2)}\n`;
}

/** One row for every picture, and a line that sums up. */
export function scoreTable(results: readonly ImageResult[], color: boolean): string {
  const { green, yellow, red, dim } = pc.createColors(color);
  const table = new Table({
    head: ["image", "verdict", "label", "confidence", "score"],
    colAligns: ["left", "left", "left", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const result of results) {
    const path = printable(result.path);
    if ("error" in result) {
      table.push([
        path,
        red("unreadable"),
        { content: `${result.error.code} ${reasonOf(result)}`, colSpan: 3, hAlign: "left" },
      ]);
      continue;
    }
    const { label, confidence, known, score } = result;
    // the label of an unknown image is only the nearest class
    const sure = known ? (text: string): string => text : dim;
    const verdict = known ? green("known") : yellow("unknown");
    const percent = `${(100 * confidence).toFixed(1)} %`;
    table.push([path, verdict, sure(printable(label)), sure(percent), score.toFixed(3)]);
  }
  return `${table.toString()}\n${summary(results)}\n`;
}

function summary(results: readonly ImageResult[]): string {
  const scored = results.flatMap((result) => ("error" in result ? [] : [result]));
  const known = scored.filter((image) => image.known).length;
  const counts = [`${known} known`, `${scored.length - known} unknown`];
  if (scored.length < results.length) counts.push(`${results.length - scored.length} unreadable`);
  const [first] = scored;
  const rule = first ? ` (known: ${first.detector} score of at least ${first.threshold.toFixed(3)})` : "";
  return counts.join(", ") + rule;
}

/** The sentence of a failure without the path that stands beside it. */
export function reasonOf({ path, error }: FailedImage): string {
  const shown = `${printable(path)}: `;
  return error.message.startsWith(shown) ? error.message.slice(shown.length) : error.message;
}
