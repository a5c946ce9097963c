/** What `oal search` prints: its cost beforehand, its tables and its winner. */
import Table from "cli-table3";
import { printable, twoDecimals } from "oal-core";
import type { RungCost } from "../../pipeline/search/cost.js";
import type { CandidateFigures, OverSeeds } from "../../pipeline/search/figures.js";
import { asGiven } from "../../pipeline/search/halving.js";
import type { SearchResult, SearchRound } from "../../pipeline/search/search.js";
import type { RefusedCandidate } from "../../pipeline/search/train.js";
import { duration } from "../progress.js";

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** The cost of a search, a line per round. */
export function costText(costs: readonly RungCost[]): string {
  const lines = costs.map((cost, i) => {
    const { epochs, candidates, seeds, students, ofStudents, others } = cost;
    const round = costs.length > 1 ? `round ${i + 1}: ` : "";
    const long = epochs === null ? "" : ` of ${count(epochs, "epoch")}`;
    const made = students < ofStudents ? ` (${ofStudents - students} more are trained)` : "";
    const before = others.length === 0 ? "" : `, and before them ${others.join(", ")}`;
    const what = `${count(candidates, "point")} with ${count(seeds, "seed")}: ${count(students, "student")}${long} to train${made}${before}`;
    return `${round}${what}; ${timeText(cost)}`;
  });
  const total = costs.reduce(
    (sum, { seconds, hasUnknown }) => ({
      seconds: sum.seconds + seconds,
      hasUnknown: sum.hasUnknown || hasUnknown,
    }),
    { seconds: 0, hasUnknown: false },
  );
  return `${lines.join("\n")}\n${costs.length > 1 ? `together ${timeText(total)}\n` : ""}`;
}

function timeText({ seconds, hasUnknown }: Pick<RungCost, "seconds" | "hasUnknown">): string {
  if (!hasUnknown) return seconds === 0 ? "everything is made" : `about ${duration(seconds)}`;
  const known = seconds === 0 ? "an unknown time" : `more than ${duration(seconds)}`;
  return `${known} (this machine has not done some of it yet)`;
}

/**
 * Tables and winner.
 *
 * @param file the winner's configuration; null where there is none
 */
export function searchText(result: SearchResult, file: string | null): string {
  const last = result.rounds.at(-1);
  if (!last) return "";
  const isHalved = result.winner !== null;
  const before = result.rounds.slice(0, -1).map((round, i) => roundLine(round, i));
  const rows = isHalved
    ? [
        ...last.candidates.toSorted((a, b) => b.figures[result.by].mean - a.figures[result.by].mean),
        ...last.refused,
      ]
    : [...last.candidates, ...last.refused].toSorted((a, b) => a.number - b.number);
  const seeds = last.candidates[0]?.seeds ?? [];
  const over = seeds.length > 1 ? `; ± standard errors over the seeds ${seeds.join(", ")}` : ", one seed";
  const long = last.epochs === null ? "" : `; ${count(last.epochs, "epoch")}`;
  const notes = `percent: accuracy on known validation images, AUROC of these against unknown ones by ${result.detectors.join(", ")}${long}${over}; no set of the test was opened`;
  return [
    ...before,
    tableOf(rows),
    notes,
    ...refusedLines(result),
    ...winnerLines(result, file),
    `${result.folder}/search.json`,
    "",
  ].join("\n");
}

function roundLine({ epochs, candidates, refused, wentOn }: SearchRound, i: number): string {
  const long = epochs === null ? "" : `${count(epochs, "epoch")}, `;
  return `round ${i + 1} (${long}${count(candidates[0]?.seeds.length ?? 0, "seed")}): ${count(candidates.length + refused.length, "point")}, of which ${wentOn.map((number) => `#${number}`).join(", ")} went on`;
}

/** Why points were not trained, each once. */
function refusedLines({ rounds }: SearchResult): readonly string[] {
  return rounds
    .flatMap(({ refused }) => refused)
    .map(({ number, code, reason }) => `#${number} was not trained: ${printable(reason, 1000)} (${code})`);
}

/** A row of a table: what a point reached, or that it was not trained. */
type Row = CandidateFigures | RefusedCandidate;

function isTrained(row: Row): row is CandidateFigures {
  return "figures" in row;
}

function tableOf(rows: readonly Row[]): string {
  const keys = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const named = rows.some(({ name }) => name !== undefined);
  const columns = named ? ["point"] : keys;
  const table = new Table({
    head: [
      "#",
      ...columns,
      "accuracy",
      "near",
      "far",
      "mean",
      `mean - #${rows.length === 0 ? "" : firstOf(rows)}`,
    ],
    colAligns: ["right", ...columns.map(() => "left" as const), "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const { number, name, values } = row;
    const own = named
      ? [printable(pointText(name, values, keys, rows), 60)]
      : keys.map((key) => printable(shownValue(values[key]), 24));
    table.push([String(number), ...own, ...(isTrained(row) ? figuresOf(row, firstOf(rows)) : dashes)]);
  }
  return table.toString();
}

/** In place of figures. */
const dashes: readonly string[] = ["-", "-", "-", "-", "-"];

function figuresOf({ number, figures, minusFirst }: CandidateFigures, first: number): readonly string[] {
  return [
    withError(figures.accuracy),
    withError(figures.near),
    withError(figures.far),
    withError(figures.mean),
    number === first ? "" : withError(minusFirst.mean, true),
  ];
}

/** The number of the row that the others are compared with. */
function firstOf(rows: readonly Row[]): number {
  return Math.min(...rows.filter(isTrained).map(({ number }) => number));
}

/** A point's name, with the values that another point of that name has otherwise. */
function pointText(
  name: string | undefined,
  values: CandidateFigures["values"],
  keys: readonly string[],
  rows: readonly Row[],
): string {
  const same = rows.filter((row) => row.name === name);
  const differing = keys.filter((key) => same.some((row) => row.values[key] !== values[key]));
  const texts = differing.flatMap((key) => (values[key] === undefined ? [] : [`${key}=${values[key]}`]));
  return (name === undefined ? ["as given"] : [name, ...texts]).join(" ");
}

/** A value as it was written: the one method of a list without its brackets. */
function shownValue(text = "-"): string {
  return text.replace(/^\[([\w.-]+)\]$/, "$1");
}

function withError({ mean, error }: OverSeeds, isSigned = false): string {
  const points = twoDecimals(100 * mean);
  const value = isSigned && mean >= 0 ? `+${points}` : points;
  return error === null ? value : `${value} ± ${twoDecimals(100 * error)}`;
}

function winnerLines({ winner, rounds, by }: SearchResult, file: string | null): readonly string[] {
  if (winner === null || file === null) return [];
  if (winner.isAsGiven)
    return [`no point does better than the configuration as it was given (#${winner.number}): ${file}`];
  const last = rounds.at(-1)?.candidates ?? [];
  const figures = last.find(({ number }) => number === winner.number);
  const isCompared = last.some(({ number }) => number === asGiven);
  const difference = isCompared ? figures?.minusFirst[by] : undefined;
  const { mean = 0, error = null } = difference ?? {};
  const gained = difference ? `, ${withError(difference, true)} over the configuration as given` : "";
  const unclear =
    error !== null && mean < 2 * error
      ? "; less than two standard errors, so that more seeds (--student-seeds) may say otherwise"
      : "";
  const values = Object.entries(winner.values).map(([key, text]) => `${key}=${text}`);
  return [
    `winner: #${winner.number} ${values.join(" ")}${gained}${unclear}`,
    `oal run ${file} trains and measures it`,
  ];
}
