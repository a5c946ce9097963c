/** Score files of others: CSV, npz and npy of numpy, JSON lines, Parquet. What each column is, is found by its name and its values. */
import { readFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { oalError, readNpy, toNumbers } from "oal-core";
import { notRegular } from "../runtime/notRegular.js";
import { parseCsv } from "./scoreFiles.js";

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
  /** Scores by column, all of one length. */
  readonly columns: ReadonlyMap<string, Float64Array>;
}

/** A row's cells as text or numbers, by column. */
type Columns = ReadonlyMap<string, readonly unknown[]>;

/** Names of columns, in lower case without separators, that are no scores. */
const roles: Readonly<Record<string, readonly string[]>> = {
  unknown: ["ood", "isood", "unknown", "isunknown", "outlier", "isoutlier", "anomaly"],
  known: ["id", "isid", "known", "isknown", "indistribution", "inlier"],
  label: ["label", "labels", "y", "target", "class", "truth"],
  prediction: ["pred", "preds", "prediction", "predictions", "predicted"],
  none: ["index", "path", "file", "filename", "image", "name", "set", "dataset", "split", "seed"],
};

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Reads a file of scores. @throws OAL-E293 for one that holds none, or cannot be read */
export async function readScoreTable(path: string): Promise<ScoreTable> {
  const name = basename(path).replace(/(\.csv|\.tsv|\.npz|\.npy|\.jsonl|\.ndjson|\.json|\.parquet)$/i, "");
  const fail = (problem: string, cause?: unknown): Error => oalError("OAL-E293", { path, problem }, cause);
  const ending = extname(path).toLowerCase();
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
    return tableOf(path, name, new Map(lists), fail);
  }
  let columns: Columns;
  try {
    columns = await columnsOf(path, ending);
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error), error);
  }
  return tableOf(path, name, columns, fail);
}

async function columnsOf(path: string, ending: string): Promise<Columns> {
  if (ending === ".parquet") {
    const { asyncBufferFromFile, parquetReadObjects } = await import("hyparquet");
    const { compressors } = await import("./compressors.js");
    return byColumn(await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors }));
  }
  const bytes = await readFile(path);
  if (ending === ".npy") {
    const list = readNpy(bytes, basename(path));
    const { shape } = list;
    if (shape.filter((extent) => extent !== 1).length > 1)
      throw new Error(`an array of ${shape.join(" x ")} numbers is no list of scores`);
    return new Map([["score", toNumbers(list)]]);
  }
  const text = textOf(bytes);
  if (ending === ".json" || ending === ".jsonl" || ending === ".ndjson") {
    const isList = text.trimStart().startsWith("[");
    const rows: unknown = isList
      ? JSON.parse(text)
      : text
          .split(/\r?\n/)
          .filter((line) => line.trim() !== "")
          .map((line, i) => parseLine(line, i + 1));
    if (!Array.isArray(rows)) throw new Error("it is no list of objects");
    return byColumn(rows);
  }
  const beginning = text.slice(0, Math.max(0, text.search(/[\r\n]/)));
  const isTabbed = ending === ".tsv" || (beginning.includes("\t") && !beginning.includes(","));
  const records = parseCsv(text, isTabbed ? "\t" : ",").filter((row) => row.some((cell) => cell !== ""));
  const [first = []] = records;
  const hasHeader = first.some((cell) => cell.trim() !== "" && !isNumber(cell));
  const header = hasHeader
    ? first.map((title) => title.trim())
    : first.map((_, k) => (first.length === 1 ? "score" : `column ${k + 1}`));
  const rows = hasHeader ? records.slice(1) : records;
  if (header.length === 1 && header[0]?.includes(";"))
    throw new Error(
      "its fields are separated by semicolons; separate them by commas or tabs, with decimal points",
    );
  const twice = header.find((title, k) => header.indexOf(title) < k);
  if (twice !== undefined) throw new Error(`two columns are called "${twice}"`);
  const short = rows.findIndex((row) => row.length !== header.length);
  if (short >= 0)
    throw new Error(
      `line ${short + (hasHeader ? 2 : 1)} has ${rows[short]?.length} fields where the first has ${header.length}`,
    );
  return new Map(header.map((title, k) => [title, rows.map((row) => row[k] ?? "")]));
}

/** A file's text: UTF-8, or UTF-16 where its first two bytes say so, as spreadsheets write "Unicode text". */
function textOf(bytes: Buffer): string {
  const [first, second] = bytes;
  const wide =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : null;
  if (wide === null && bytes.subarray(0, 4096).includes(0))
    throw new Error("it is no text in UTF-8, nor in UTF-16 with the mark that begins it");
  return new TextDecoder(wide ?? "utf-8").decode(bytes);
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`line ${number} is no JSON`, { cause: error });
  }
}

function byColumn(rows: readonly unknown[]): Columns {
  const columns = new Map<string, unknown[]>();
  rows.forEach((row, i) => {
    if (typeof row !== "object" || row === null) throw new Error(`row ${i + 1} is no object`);
    for (const [name, value] of Object.entries(row)) {
      const column = columns.get(name) ?? [];
      columns.set(name, column);
      column[i] = value;
    }
  });
  // a row that lacks a column has a gap there, like a cell that is empty
  return new Map(
    [...columns].map(([name, column]) => [name, Array.from({ length: rows.length }, (_, i) => column[i])]),
  );
}

const isNumber = (value: unknown): boolean =>
  (typeof value === "number" && !Number.isNaN(value)) ||
  typeof value === "bigint" ||
  (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(numberText(value))));

/** Python's and JSON's names of infinities, as JavaScript reads them. */
const numberText = (text: string): string => text.trim().replace(/^([+-]?)inf(inity)?$/i, "$1Infinity");

/** Columns that say what `oal score` answered, which is no truth to judge by. */
const answers = ["known", "ask", "label", "confidence", "pValue", "detector"];

function tableOf(path: string, name: string, all: Columns, fail: (problem: string) => Error): ScoreTable {
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
    if ([unknown, knownColumn, label, prediction].includes(title) || role === "none") continue;
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
  const known = knownRows({ unknown, known: knownColumn, label }, columns, labels);
  const called = prediction === undefined ? null : numbersOf(columns.get(prediction) ?? []);
  const correct = labels && called && Array.from(labels, (value, i) => value === called[i]);
  return { path, name, ...known, correct, columns: found };
}

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
