/** The rows of score files: which are known, which sets the others make, which columns all have, and which way these point. */
import { auroc, oalError } from "oal-core";
import { readScoreTable, type ScoreTable } from "./foreignScores.js";

/** Which way scores point. */
export type ScoreDirection = "known" | "unknown";

/** How to judge. */
export interface JudgeOptions {
  /** Files whose rows are all known, whatever they say. */
  readonly id?: readonly string[] | undefined;
  /** Files whose rows are all unknown; each is a set. */
  readonly ood?: readonly string[] | undefined;
  /** What has the higher scores. Default: what makes the AUROC over all unknown rows at least a half, said in the result. */
  readonly higher?: ScoreDirection | undefined;
  /** Columns to judge. Default: all that every file has. */
  readonly columns?: readonly string[] | undefined;
  /** Resamples behind intervals and differences; 0: none. Default 1000. */
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
  { id = [], ood = [] }: JudgeOptions,
): Promise<{ known: Rows; sets: UnknownSet[]; senses: string[]; correct: boolean[] | null }> {
  const senses: string[] = [];
  const knownParts: { table: ScoreTable; rows: readonly number[] }[] = [];
  const sets: UnknownSet[] = [];
  const tables = await Promise.all(paths.map(readScoreTable));
  const silent = tables.filter(({ known }) => known === null);
  const isPair = silent.length === 2 && tables.length === 2 && id.length + ood.length === 0;
  const all = [
    ...(await Promise.all(id.map(readScoreTable))).map((table) => ({ table, known: true as const })),
    ...(await Promise.all(ood.map(readScoreTable))).map((table) => ({ table, known: false as const })),
    ...tables.map((table, i) => ({ table, known: isPair ? i === 0 : null })),
  ];
  for (const { table, known } of all) {
    const count = lengthOf(table.columns);
    const every = Array.from({ length: count }, (_, i) => i);
    if (known === null && table.known === null)
      throw oalError("OAL-E294", {
        problem: `${table.path} does not say which rows are known: it needs a column "label" (-1: unknown) or "ood", or give it as --id or --ood`,
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
    senses.push(`${table.path}: ${mine.length} known, ${others.length} unknown rows, ${by}${but}`);
    if (mine.length > 0) knownParts.push({ table, rows: mine });
    if (others.length > 0) sets.push({ name: freeName(table.name, sets), rows: pick(table, others) });
  }
  if (knownParts.length === 0 || sets.length === 0)
    throw oalError("OAL-E294", {
      problem: `there are no ${knownParts.length === 0 ? "known" : "unknown"} rows in ${[...id, ...ood, ...paths].join(", ") || "no files"}`,
    });
  const correct = knownParts.flatMap(({ table, rows }) => rows.map((i) => table.correct?.[i] ?? null));
  const says = correct.filter((value) => value !== null);
  return { known: joined(knownParts), sets, senses, correct: says.length === correct.length ? says : null };
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
      problem: `no column "${missing}" stands in every file; those that do: ${common.join(", ") || "none"}`,
    });
  if (common.length === 0) {
    const names = all.map((rows) => [...rows.keys()].slice(0, 4).join(", "));
    throw oalError("OAL-E294", {
      problem: `the files have no column of scores in common (${[...new Set(names)].join(" | ")})`,
    });
  }
  return [...(wanted ?? common)];
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
