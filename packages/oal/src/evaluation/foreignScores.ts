/** Score files of others as tables: what each column is, is found by its name and its values. */
import { stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { oalError } from "oal-core";
import { notRegular } from "../runtime/notRegular.js";
import { columnsOf, isNumber, numberText, type Columns } from "./scoreColumns.js";

/** What score files are called. */
export const scoreEndings = [".csv", ".tsv", ".npz", ".npy", ".jsonl", ".ndjson", ".json", ".parquet"];

/** One file of scores. */
export interface ScoreTable {
  readonly path: string;
  /** Its name without folder and ending. */
  readonly name: string;
  /** Whether each row is known; null where the file does not say. */
  readonly known: readonly boolean[] | null;
  /** The column that says it, in words; null where none does. */
  readonly saidBy: string | null;
  /** Whether each row's class is right; null without both classes and predictions. */
  readonly correct: readonly boolean[] | null;
  /** The set of each row, where a column says it; null where none does. */
  readonly setOf: readonly string[] | null;
  /** What each row is of, a path or a name; null where no column says it. */
  readonly names: readonly string[] | null;
  /** Scores by column, all of one length. */
  readonly columns: ReadonlyMap<string, Float64Array>;
  /** Sentences on what of the file is not looked at. */
  readonly remarks: readonly string[];
}

/** A value that marks unknown rows. */
export interface UnknownValue {
  readonly column: string;
  readonly value: string;
}

/** Names of columns, in lower case without separators, that are no scores. */
const roles: Readonly<Record<string, readonly string[]>> = {
  unknown: ["ood", "isood", "unknown", "isunknown", "outlier", "isoutlier", "anomaly"],
  known: ["id", "isid", "known", "isknown", "indistribution", "inlier"],
  label: ["label", "labels", "y", "target", "class", "truth"],
  prediction: ["pred", "preds", "prediction", "predictions", "predicted"],
  set: ["dataset", "set", "ooddataset", "oodset"],
  name: ["path", "file", "filename", "image", "imagepath", "name"],
  seed: ["seed"],
  none: ["index", "split"],
};

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/**
 * Reads a file of scores.
 *
 * @param unknown  the value of a column that marks unknown rows. Default: found by the names of columns
 * @throws OAL-E293 for one that holds none, lacks the column, or cannot be read
 */
export async function readScoreTable(path: string, unknown?: UnknownValue): Promise<ScoreTable> {
  const fail = (problem: string, cause?: unknown): Error => oalError("OAL-E293", { path, problem }, cause);
  const ending = extname(path).toLowerCase();
  const name = scoreEndings.includes(ending) ? basename(path).slice(0, -ending.length) : basename(path);
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw oalError("OAL-D101", { path, what: "score file" }, error);
    throw fail(error instanceof Error ? error.message : String(error), error);
  });
  const problem = notRegular(found);
  if (problem !== undefined) throw fail(`it is ${problem}`);
  if (ending === ".npz") {
    const { readScoreArchive } = await import("./scoreArchive.js");
    const { confidence, labels, predictions } = await readScoreArchive(path);
    const members = { score: confidence, label: labels, pred: predictions };
    const lists = Object.entries(members).flatMap(([title, list]): [string, number[]][] =>
      list === null ? [] : [[title, Array.from(list)]],
    );
    return tableOf(path, name, new Map(lists), fail, unknown);
  }
  let columns: Columns;
  try {
    columns = await columnsOf(path, ending);
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error), error);
  }
  return tableOf(path, name, columns, fail, unknown);
}

/** Columns that say what `oal score` answered, which is no truth to judge by. */
const answers = ["known", "ask", "label", "confidence", "pValue", "detector"];

function tableOf(
  path: string,
  name: string,
  given: Columns,
  fail: (problem: string) => Error,
  marked: UnknownValue | undefined,
): ScoreTable {
  const marking = marked && given.get(marked.column);
  if (marked && !marking)
    throw fail(`it has no column "${marked.column}"; its columns are ${[...given.keys()].join(", ")}`);
  // a column of marks is neither class nor score
  const all = marked ? new Map([...given].filter(([title]) => title !== marked.column)) : given;
  const isAnswered = ["id", "known", "pValue", "score", "detector"].every((title) => all.has(title));
  const columns = isAnswered ? new Map([...all].filter(([title]) => !answers.includes(title))) : all;
  const count = Math.max(0, ...[...columns.values()].map((column) => column.length));
  if (count === 0) throw fail("it holds no rows");
  const roleOf = (title: string): string | undefined =>
    Object.keys(roles).find((role) => roles[role]?.includes(plain(title)));
  const find = (role: string, test: (column: readonly unknown[]) => boolean): string | undefined =>
    [...columns].find(([title, column]) => roleOf(title) === role && test(column))?.[0];
  const isFlag = (column: readonly unknown[]): boolean =>
    column.every((value) => flagOf(value) !== undefined);
  const label = find("label", (column) => column.every(isNumber));
  const isNumbering = (title: string, column: readonly unknown[]): boolean =>
    (plain(title) === "id" && isDistinct(column) && (label !== undefined || !isFlag(column))) ||
    (isIndexTitle(title) && column.every(isCount));
  const unknown = find("unknown", isFlag);
  const knownColumn = [...columns].find(
    ([title, column]) => roleOf(title) === "known" && isFlag(column) && !isNumbering(title, column),
  )?.[0];
  const wordy =
    label === undefined && unknown === undefined && knownColumn === undefined
      ? find("label", () => true)
      : undefined;
  if (wordy !== undefined) {
    const row = (columns.get(wordy) ?? []).findIndex((value) => !isNumber(value));
    throw fail(
      `column "${wordy}" has ${cellText(columns.get(wordy)?.[row])} in row ${row + 1} (counted without the header): labels are numbers, -1 for what is unknown`,
    );
  }
  const prediction = find("prediction", (column) => column.every(isNumber));
  const labels = label === undefined ? null : numbersOf(columns.get(label) ?? []);
  const words: string[] = [];
  const scores = new Map<string, Float64Array>();
  const classes = new Map<string, Float64Array>();
  for (const [title, column] of columns) {
    const role = roleOf(title);
    if ([unknown, knownColumn, label, prediction].includes(title) || apart.includes(role ?? "")) continue;
    // flags and numbers of rows are no scores, also where another column says which rows are known
    if (isNumbering(title, column) || ((role === "known" || role === "unknown") && isFlag(column))) continue;
    // Words in every row are no scores; a column of numbers with a gap is a fault that somebody should know of.
    const bad = Array.from({ length: count }, (_, i) => column[i]).findIndex((value) => !isNumber(value));
    if (bad < 0) (isClass(role, column) ? classes : scores).set(title, numbersOf(column));
    else if (column.some(isNumber) || (column.some(saysNaN) && column.every(isGap)))
      throw fail(
        `column "${title}" has ${cellText(column[bad])} in row ${bad + 1} (counted without the header)`,
      );
    else words.push(title);
  }
  // a second column of classes is no score, unless nothing else could be one
  const found = scores.size > 0 ? scores : classes;
  if (found.size === 0)
    throw fail(
      `no column holds scores${words.length === 0 ? "" : `; these hold words: ${words.slice(0, 8).join(", ")}`}`,
    );
  const known =
    marked && marking
      ? {
          known: marking.map((value) => !isValue(value, marked.value)),
          saidBy: `column "${marked.column}": ${marked.value} is unknown`,
        }
      : knownRows({ unknown, known: knownColumn, label }, columns, labels);
  const called = prediction === undefined ? null : numbersOf(columns.get(prediction) ?? []);
  const correct = labels && called && Array.from(labels, (value, i) => value === called[i]);
  const texts = (role: string, test: (own: readonly string[]) => boolean): readonly string[] | null => {
    const own = [...columns]
      .filter(([title]) => roleOf(title) === role || (role === "name" && plain(title) === "id"))
      .map(([, column]) => Array.from({ length: count }, (_, i) => cellOf(column[i])));
    return own.find(test) ?? null;
  };
  const seeds = new Set(texts("seed", () => true));
  return {
    path,
    name,
    ...known,
    correct,
    setOf: texts("set", (own) => own.every((text) => text !== "")),
    // numbers of rows begin anew in every file
    names: texts("name", (own) => new Set(own).size === count && !own.every(isNumber)),
    columns: found,
    remarks:
      seeds.size > 1
        ? [`the rows of ${seeds.size} seeds (column "seed") are judged as if they were one`]
        : [],
  };
}

/** Roles of columns that are read apart from scores. */
const apart: readonly string[] = ["set", "name", "seed", "none"];

/** A cell as text; empty where it holds nothing. */
const cellOf = (value: unknown): string =>
  typeof value === "string" ||
  typeof value === "number" ||
  typeof value === "bigint" ||
  typeof value === "boolean"
    ? String(value).trim()
    : "";

/** Whether a cell is a value: the same text, or the same number. */
const isValue = (cell: unknown, value: string): boolean =>
  cellOf(cell).toLowerCase() === value.trim().toLowerCase() ||
  (isNumber(cell) && isNumber(value) && Number(cell) === Number(value));

/** What says which rows are known: a flag, or class labels of which -1 means unknown. */
function knownRows(
  by: Readonly<Record<"unknown" | "known" | "label", string | undefined>>,
  columns: Columns,
  labels: Float64Array | null,
): Pick<ScoreTable, "known" | "saidBy"> {
  const flags = (title: string, turned: boolean): boolean[] =>
    (columns.get(title) ?? []).map((value) => (flagOf(value) ?? false) !== turned);
  if (by.unknown !== undefined) return { known: flags(by.unknown, true), saidBy: `column "${by.unknown}"` };
  if (by.known !== undefined) return { known: flags(by.known, false), saidBy: `column "${by.known}"` };
  if (labels === null || by.label === undefined) return { known: null, saidBy: null };
  return {
    known: Array.from(labels, (value) => value >= 0),
    saidBy: `column "${by.label}": below 0 is unknown`,
  };
}

function flagOf(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  const text =
    typeof value === "string" || typeof value === "number" || typeof value === "bigint"
      ? String(value).trim().toLowerCase()
      : "";
  if (["1", "1.0", "true", "yes"].includes(text)) return true;
  return ["0", "0.0", "false", "no"].includes(text) ? false : undefined;
}

/** Titles that pandas and R give to the numbers of rows; pandas numbers the rows of a joined table from 0 more than once. */
const isIndexTitle = (title: string): boolean =>
  title.trim() === "" || /^(unnamed\d*|indexlevel\d+)$/.test(plain(title));

const isCount = (value: unknown): boolean =>
  isNumber(value) && Number.isInteger(Number(value)) && Number(value) >= 0;

/** Whether a column counts rows: whole numbers of which none comes twice. */
function isDistinct(column: readonly unknown[]): boolean {
  const values = column.filter(isNumber).map(Number);
  return (
    values.length === column.length &&
    values.every(Number.isInteger) &&
    new Set(values).size === values.length
  );
}

/** Whether a cell says that it is no number, in any language's way. */
const saysNaN = (value: unknown): boolean =>
  Number.isNaN(value) || (typeof value === "string" && value.trim().toLowerCase() === "nan");

const isGap = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  saysNaN(value) ||
  (typeof value === "string" && value.trim() === "");

/** Whether a column is called as labels or predictions are, and holds whole numbers as these do. */
function isClass(role: string | undefined, column: readonly unknown[]): boolean {
  return (role === "label" || role === "prediction") && column.map(Number).every(Number.isInteger);
}

/** A cell that holds no number, in words. */
const cellText = (value: unknown): string => (isGap(value) ? "no number" : JSON.stringify(value));

function numbersOf(column: readonly unknown[]): Float64Array {
  return Float64Array.from(column, (value) =>
    typeof value === "string"
      ? value.trim() === ""
        ? NaN
        : Number(numberText(value))
      : value === null || value === undefined
        ? NaN
        : Number(value),
  );
}
