/** The columns of score files: CSV, npy of numpy, JSON lines, Parquet. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { readNpy, toNumbers } from "oal-core";
import { parseCsv } from "./scoreFiles.js";

/** A row's cells as text or numbers, by column. */
export type Columns = ReadonlyMap<string, readonly unknown[]>;

/** The columns of a file of scores by its ending. @throws an Error with what is wrong, for people */
export async function columnsOf(path: string, ending: string): Promise<Columns> {
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
      ? parseJson(text)
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
    return parseJson(line);
  } catch (error) {
    throw new Error(`line ${number} is no JSON`, { cause: error });
  }
}

/** JSON, also with what Python writes and JSON has not: Infinity and -Infinity, which become text that is read as such, and NaN. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(text.replace(/(?<=[:,[]\s*)(-?Infinity|NaN)(?=\s*[,}\]])/g, '"$1"'));
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

/** Whether a cell is a number, infinite ones included. */
export const isNumber = (value: unknown): boolean =>
  (typeof value === "number" && !Number.isNaN(value)) ||
  typeof value === "bigint" ||
  (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(numberText(value))));

/** Python's and JSON's names of infinities, as JavaScript reads them. */
export const numberText = (text: string): string =>
  text.trim().replace(/^([+-]?)inf(inity)?$/i, "$1Infinity");
