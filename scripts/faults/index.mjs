/**
 * Faults that tests must see, by part of the program. A fault is { file, what, find, replace, tests }: `find` occurs
 * exactly once in `file`, and one of the test files `tests` fails when it is replaced.
 */
import { core } from "./core.mjs";
import { training } from "./training.mjs";
import { foreign } from "./foreign.mjs";
import { outliers } from "./outliers.mjs";
import { program } from "./program.mjs";

export const faults = [...core, ...training, ...outliers, ...foreign, ...program];

/** The faults as a Markdown table: where, what, and the tests that see it. */
export function faultTable(list) {
  const short = (path) => path.replace(/^packages\/(core|oal)\/src\//, "$1/").replace(/\.test\.ts$/, "");
  const rows = list.map(
    ({ file, what, tests }) => `| ${short(file)} | ${what} | ${tests.map(short).join(", ")} |`,
  );
  return ["| source | fault | seen by |", "| --- | --- | --- |", ...rows].join("\n");
}
