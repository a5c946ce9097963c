/**
 * Score files of several detectors, models or seeds lie in a folder each, with the same names: OpenOOD keeps them so, and `oal benchmark`
 * writes them so. Their rows are the same images, so a folder's scores become columns of their own.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { oalError } from "oal-core";
import { scoreEndings, type ScoreTable } from "./foreignScores.js";

/**
 * The files that a path stands for: itself, or the score files of a folder, by name.
 *
 * @throws OAL-E293 for a folder that holds none
 */
export async function scoreFilesAt(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.map(({ name }) => name).filter((name) => !name.startsWith("."));
  const own = names.filter((name) => scoreEndings.includes(extname(name).toLowerCase())).sort();
  if (own.length > 0) return own.map((name) => join(path, name));
  const inside = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  const hint =
    inside.length === 0
      ? ""
      : `; it has folders: ${inside.slice(0, 3).join(", ")}${inside.length > 3 ? ", ..." : ""}`;
  throw oalError("OAL-E293", {
    path,
    problem: `this folder holds no score file (${scoreEndings.join(", ")})${hint}`,
  });
}

/** A file, and what whoever gave it says of its rows: all known, all unknown, or (null) that they say it themselves. */
export interface GivenTable {
  readonly table: ScoreTable;
  readonly known: boolean | null;
}

/**
 * Files of the same name in several folders become one table each, with the folders' scores beside each other. Where folders hold other
 * files than each other they stay as they are, if someone said what they are.
 *
 * @returns the tables, and a sentence where folders were joined, else none
 * @throws OAL-E294 where files of one name cannot be the same rows
 */
export function joinFolders(given: readonly GivenTable[]): {
  readonly tables: readonly GivenTable[];
  readonly sentences: readonly string[];
} {
  const folders = [...grouped(given, ({ table }) => resolve(dirname(table.path))).entries()];
  const keyOf = ({ table, known }: GivenTable): string => `${String(known)} ${table.name}`;
  const keys = folders.map(([, own]) => own.map(keyOf).sort());
  const isTwice = keys.flat().some((key, i, all) => all.indexOf(key) < i);
  if (folders.length < 2 || !isTwice) return { tables: given, sentences: [] };
  const [first = []] = keys;
  if (!keys.every((own) => own.join("\n") === first.join("\n"))) {
    const silent = given.filter(({ known }) => known === null).map(keyOf);
    if (!silent.some((key, i) => silent.indexOf(key) < i)) return { tables: given, sentences: [] };
    throw oalError("OAL-E294", {
      problem: `files of one name lie in several folders (${folders.map(([path]) => basename(path)).join(", ")}), but not the same ones in each: folders of several detectors must hold the same sets`,
    });
  }
  const titles = titlesOf(folders.map(([path]) => path));
  const [[, leading] = ["", []], ...others] = folders;
  const tables = leading.map((own): GivenTable => {
    const same = others.map(([, rows]) => rows.find((each) => keyOf(each) === keyOf(own)) ?? own);
    return {
      known: own.known,
      table: besideEachOther(
        [own, ...same].map(({ table }) => table),
        titles,
      ),
    };
  });
  const sentence = `${titles.join(", ")}: folders with the same files, so each holds other scores of the same rows`;
  return { tables, sentences: [sentence] };
}

/** What has the same key, in order of first appearance. */
export function grouped<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const key = keyOf(each);
    const own = groups.get(key);
    if (own) own.push(each);
    else groups.set(key, [each]);
  }
  return groups;
}

/** The parts of paths that tell them apart: without what all end with, as few as are needed. */
function titlesOf(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(/[\\/]/));
  while (new Set(parts.map((own) => own.at(-1))).size === 1) for (const own of parts) own.pop();
  for (let count = 1; ; count++) {
    const titles = parts.map((own) => own.slice(-count).join("/"));
    if (new Set(titles).size === titles.length) return titles;
  }
}

/** Tables of the same rows as one; a folder's only column has the folder's name. */
function besideEachOther(tables: readonly ScoreTable[], titles: readonly string[]): ScoreTable {
  const [first] = tables;
  if (!first) throw oalError("OAL-X101", { problem: "no tables to join" });
  const columns = tables.flatMap((table, k) => {
    const order = orderLike(first, table);
    return [...table.columns].map(([name, values]): [string, Float64Array] => {
      const title = table.columns.size === 1 ? (titles[k] ?? "") : `${titles[k] ?? ""} ${name}`;
      return [title, order === null ? values : Float64Array.from(order, (i) => values[i] ?? NaN)];
    });
  });
  const agree = tables.every(({ correct }) => JSON.stringify(correct) === JSON.stringify(first.correct));
  return { ...first, columns: new Map(columns), correct: agree ? first.correct : null };
}

/** Where the rows of the first table are in another one; null where they are in the same places. @throws OAL-E294 */
function orderLike(first: ScoreTable, other: ScoreTable): readonly number[] | null {
  const refuse = (why: string): Error =>
    oalError("OAL-E294", {
      problem: `${first.path} and ${other.path} are of one name in two folders, which is for other scores of the same rows, but ${why}; give files of other rows other names`,
    });
  const [count, own] = [rowCount(first), rowCount(other)];
  if (count !== own) throw refuse(`one has ${count} rows, the other ${own}`);
  if (JSON.stringify(first.known) !== JSON.stringify(other.known) && !(first.names && other.names))
    throw refuse("they do not agree on which rows are known");
  if (!first.names || !other.names || first.names.every((name, i) => name === other.names?.[i])) return null;
  const places = new Map(other.names.map((name, i) => [name, i]));
  const order = first.names.map((name) => places.get(name) ?? -1);
  const lacking = order.indexOf(-1);
  if (lacking >= 0 || places.size !== count)
    throw refuse(`row "${first.names[Math.max(0, lacking)] ?? ""}" is not once in each`);
  if (order.some((i, row) => first.known?.[row] !== other.known?.[i]))
    throw refuse("they do not agree on which rows are known");
  return order;
}

const rowCount = ({ columns }: ScoreTable): number => [...columns.values()][0]?.length ?? 0;
