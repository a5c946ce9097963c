/** The forms that a benchmark's table is printed in; a new one is a file, a line here, and one in the command's options. */
import type { BenchmarkResult } from "../result.js";
import { latexTable } from "./latex.js";
import { markdownTable } from "./markdown.js";
import { leaderboardCsv } from "./openOod.js";
import { terminalTable } from "./terminal.js";

/** By what `--format` calls them. */
const forms = {
  table: (result) => `${terminalTable(result)}\n`,
  leaderboard: leaderboardCsv,
  latex: latexTable,
  markdown: markdownTable,
  json: benchmarkJson,
} as const satisfies Readonly<Record<string, (result: BenchmarkResult) => string>>;

/** One of the forms. */
export type TableForm = keyof typeof forms;

/** The result as JSON text. */
export function benchmarkJson(result: BenchmarkResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

/** The result in one of the forms. */
export function tableIn(form: TableForm, result: BenchmarkResult): string {
  return forms[form](result);
}
