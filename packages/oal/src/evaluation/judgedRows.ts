/** The rows of score files: which are known, which sets the others make, which columns all have, and which way these point. */
import { basename, dirname } from "node:path";
import { auroc, oalError } from "oal-core";
import { readScoreTable, type ScoreTable, type UnknownValue } from "./foreignScores.js";
import { grouped, joinFolders, scoreFilesAt, type GivenTable } from "./scoreFolders.js";

/** Which way scores point. */
export type ScoreDirection = "known" | "unknown";

/** How to judge. */
export interface JudgeOptions {
  /** Files, or folders of them, whose rows are all known, whatever they say. */
  readonly id?: readonly string[] | undefined;
  /** Files, or folders of them, whose rows are all unknown; each file is a set. */
  readonly ood?: readonly string[] | undefined;
  /** The value of a column that marks unknown rows, "label=1"; all others are known. Default: found by the names of columns. */
  readonly unknown?: string | undefined;
  /** What has the higher scores. Default: what makes the AUROC over all unknown rows at least a half, said in the result. */
  readonly higher?: ScoreDirection | undefined;
  /** Columns to judge. Default: all that every file has. */
  readonly columns?: readonly string[] | undefined;
  /** Resamples behind intervals and differences; 0: none. Default 2000. */
  readonly resamples?: number | undefined;
  readonly seed?: number | undefined;
}

/** Scores by column. */
export type Rows = ReadonlyMap<string, Float64Array>;
/** One set of unknown rows. */
export interface UnknownSet {
  readonly name: string;
  readonly rows: Rows;
}
/** The scores of a column, turned so that higher is known. */
export type ValuesOf = (rows: Rows, column: string) => Float64Array;

/** How many rows there are. */
export const lengthOf = (rows: Rows): number => [...rows.values()][0]?.length ?? 0;

/** Which rows are known, set by set. */
export async function gather(
  paths: readonly string[],
  { id = [], ood = [], unknown, columns }: JudgeOptions,
): Promise<{
  known: Rows;
  sets: UnknownSet[];
  senses: string[];
  correct: boolean[] | null;
  /** The columns that are asked for, as they are called now; undefined: all. */
  columns: readonly string[] | undefined;
}> {
  const marked = unknown === undefined ? undefined : valueOf(unknown);
  const read = (path: string): Promise<ScoreTable> => readScoreTable(path, marked);
  const plainly = (path: string): Promise<ScoreTable> => readScoreTable(path);
  const filesAt = async (all: readonly string[]): Promise<string[]> =>
    (await Promise.all(all.map(scoreFilesAt))).flat();
  const knownParts: { table: ScoreTable; rows: readonly number[] }[] = [];
  const sets: UnknownSet[] = [];
  const found = await Promise.all((await filesAt(paths)).map(read));
  const isPair =
    found.length === 2 && id.length + ood.length === 0 && found.every(({ known }) => known === null);
  const given: GivenTable[] = [
    ...(await Promise.all((await filesAt(id)).map(plainly))).map((table) => ({ table, known: true })),
    ...(await Promise.all((await filesAt(ood)).map(plainly))).map((table) => ({ table, known: false })),
    ...found.map((table, i) => ({ table, known: isPair ? i === 0 : null })),
  ];
  // what every file calls so is chosen before folders give it other names
  const isOwn =
    columns !== undefined && given.every(({ table }) => columns.every((name) => table.columns.has(name)));
  const chosen = isOwn ? given.map(({ table, known }) => ({ known, table: only(table, columns) })) : given;
  const { tables: all, sentences } = joinFolders(chosen);
  const senses = [...sentences];
  const twice = ({ name }: ScoreTable): boolean => all.filter(({ table }) => table.name === name).length > 1;
  for (const { table, known } of all) {
    const count = lengthOf(table.columns);
    const every = Array.from({ length: count }, (_, i) => i);
    if (known === null && table.known === null)
      throw oalError("OAL-E294", {
        problem: `${table.path} does not say which rows are known: it needs a column "label" (-1: unknown) or "ood"; or name the value that marks unknown rows, as --unknown type=ood, or give it as --id or --ood`,
      });
    const isKnown = (i: number): boolean => known ?? table.known?.[i] ?? false;
    const mine = every.filter(isKnown);
    const others = every.filter((i) => !isKnown(i));
    const by =
      known === null
        ? `by ${table.saidBy ?? ""}`
        : isPair
          ? "as the first of two files is known, the second unknown"
          : "as given";
    const said = table.known ?? [];
    const against =
      known === null ? 0 : every.filter((i) => said[i] !== undefined && said[i] !== known).length;
    const but =
      against === 0
        ? ""
        : `, although ${against} of them are ${known ? "unknown" : "known"} by ${table.saidBy ?? ""}`;
    senses.push(
      `${table.path}: ${mine.length} known, ${others.length} unknown rows, ${by}${but}`,
      ...table.remarks.map((remark) => `${table.path}: ${remark}`),
    );
    if (mine.length > 0) knownParts.push({ table, rows: mine });
    const title = twice(table) ? `${basename(dirname(table.path))}/${table.name}` : table.name;
    for (const [name, rows] of setsOf(table, title, others))
      sets.push({ name: freeName(name, sets), rows: pick(table, rows) });
  }
  if (knownParts.length === 0 || sets.length === 0)
    throw oalError("OAL-E294", {
      problem: `there are no ${knownParts.length === 0 ? "known" : "unknown"} rows in ${[...id, ...ood, ...paths].join(", ") || "no files"}${unknown === undefined ? "; where another value than a label below 0 marks unknown rows, name it, as --unknown label=1" : ""}`,
    });
  const sameRows = withoutRepeated(knownParts);
  senses.push(...sameRows.sentences);
  const correct = sameRows.parts.flatMap(({ table, rows }) => rows.map((i) => table.correct?.[i] ?? null));
  const says = correct.filter((value) => value !== null);
  return {
    known: joined(sameRows.parts),
    sets,
    senses,
    correct: says.length === correct.length ? says : null,
    columns: isOwn && sentences.length > 0 ? undefined : columns,
  };
}

/** "label=1". @throws OAL-C102 for what names no column and value */
function valueOf(text: string): UnknownValue {
  const at = text.indexOf("=");
  if (at > 0) return { column: text.slice(0, at), value: text.slice(at + 1) };
  throw oalError("OAL-C102", {
    command: "oal metrics",
    problem: `--unknown takes a column and its value, as label=1, not "${text}"`,
  });
}

/** The sets of a table's unknown rows: by a column of sets where it has one that tells several apart, else one with the table's title. */
function setsOf(
  table: ScoreTable,
  title: string,
  rows: readonly number[],
): [name: string, rows: readonly number[]][] {
  if (rows.length === 0) return [];
  const groups = [...grouped(rows, (i) => table.setOf?.[i] ?? "")];
  return groups.length > 1 ? groups : [[title, rows]];
}

interface KnownPart {
  readonly table: ScoreTable;
  readonly rows: readonly number[];
}

/**
 * Known rows that stand in several files, as where each set of unknown rows has a file with the known ones before it: they count once.
 *
 * @throws OAL-E294 where they have other scores there: the files are of several models or seeds
 */
function withoutRepeated(parts: readonly KnownPart[]): {
  readonly parts: readonly KnownPart[];
  readonly sentences: readonly string[];
} {
  if (parts.length < 2) return { parts, sentences: [] };
  const first = new Map<string, { readonly table: ScoreTable; readonly row: number }>();
  let repeated = 0;
  const once = parts.map(({ table, rows }): KnownPart => {
    const own = rows.filter((row) => {
      const name = table.names?.[row];
      if (name === undefined) return true;
      const before = first.get(name);
      first.set(name, before ?? { table, row });
      if (!before || before.table === table) return true;
      for (const [column, values] of table.columns) {
        const other = before.table.columns.get(column);
        if (other && other[before.row] !== values[row])
          throw oalError("OAL-E294", {
            problem: `row "${name}" is known in ${before.table.path} and in ${table.path}, with other scores (${column}): files of several models or seeds are judged one at a time, or lie in a folder each, with the same names, to be compared`,
          });
      }
      repeated += 1;
      return false;
    });
    return { table, rows: own };
  });
  const named = parts.every(({ table }) => table.names !== null);
  const files = parts.map(({ table }) => table.path).join(", ");
  const sentences = [
    ...(repeated > 0
      ? [`${repeated} known rows stand in several files, with the same scores, and count once`]
      : []),
    ...(named
      ? []
      : [`known rows come from ${parts.length} files (${files}) and are taken for different images`]),
  ];
  return { parts: once.filter(({ rows }) => rows.length > 0), sentences };
}

/** A table with some of its columns. */
function only(table: ScoreTable, names: readonly string[]): ScoreTable {
  return { ...table, columns: new Map([...table.columns].filter(([name]) => names.includes(name))) };
}

/** A set's name that no other has. */
function freeName(name: string, sets: readonly UnknownSet[]): string {
  const taken = new Set(sets.map((set) => set.name));
  if (!taken.has(name) && name !== "mean") return name;
  for (let k = 2; ; k++) if (!taken.has(`${name}-${k}`)) return `${name}-${k}`;
}

function pick({ columns }: ScoreTable, rows: readonly number[]): Rows {
  return new Map([...columns].map(([name, all]) => [name, Float64Array.from(rows, (i) => all[i] ?? NaN)]));
}

/** The rows of several tables under each other, for the columns that all have. */
function joined(parts: readonly { table: ScoreTable; rows: readonly number[] }[]): Rows {
  const picked = parts.map(({ table, rows }) => pick(table, rows));
  const [first] = picked;
  const names = [...(first?.keys() ?? [])].filter((name) => picked.every((rows) => rows.has(name)));
  return new Map(
    names.map((name) => [
      name,
      Float64Array.from(picked.flatMap((rows) => Array.from(rows.get(name) ?? []))),
    ]),
  );
}

/** The columns that all rows have. @throws OAL-E294 */
export function commonColumns(all: readonly Rows[], wanted: readonly string[] | undefined): string[] {
  const [first] = all;
  const common = [...(first?.keys() ?? [])].filter((name) => all.every((rows) => rows.has(name)));
  const missing = wanted?.find((name) => !common.includes(name));
  if (missing !== undefined)
    throw oalError("OAL-E294", {
      problem: `no column "${missing}" stands in every file; those that do: ${listed(common) || "none"}`,
    });
  if (common.length === 0) {
    const names = all.map((rows) => [...rows.keys()].slice(0, 4).join(", "));
    throw oalError("OAL-E294", {
      problem: `the files have no column of scores in common (${[...new Set(names)].join(" | ")})`,
    });
  }
  return [...(wanted ?? common)];
}

/** The first of many names. */
function listed(names: readonly string[]): string {
  return `${names.slice(0, 12).join(", ")}${names.length > 12 ? `, ... (${names.length})` : ""}`;
}

/** Which way a column points: what makes the AUROC over all unknown rows at least a half. */
export function directionOf(
  column: string,
  known: Rows,
  sets: readonly UnknownSet[],
  given: ScoreDirection | undefined,
): { higher: ScoreDirection; guessed: boolean } {
  if (given !== undefined) return { higher: given, guessed: false };
  const unknown = Float64Array.from(sets.flatMap(({ rows }) => Array.from(rows.get(column) ?? [])));
  return { higher: auroc(known.get(column) ?? [], unknown) >= 0.5 ? "known" : "unknown", guessed: true };
}
