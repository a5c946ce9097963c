/** Per-image scores on disk: `scores/<model>-<set>.csv` with columns id, label, prediction and one per detector, or another form. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { oalError, shortestFloat32 } from "oal-core";
import type { ModelScores, SetGroup, SetScores } from "./result.js";
import { scoresAsCsv, scoresAsNpz, scoresAsParquet, type ScoreFormat, type ScoreList } from "./scoreForms.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import { makeFolder } from "../runtime/makeFolder.js";

/** The name of a score file; of npz one per detector, in a folder for each, so that the files are called after the sets as OpenOOD's are. */
export function scoreFileName(
  model: string,
  set: string,
  format: ScoreFormat = "csv",
  detector?: string,
): string {
  const own = encodeURIComponent(model);
  return detector === undefined
    ? `${own}-${encodeURIComponent(set)}.${format}`
    : `${own}-${encodeURIComponent(detector)}/${encodeURIComponent(set)}.${format}`;
}

/**
 * Writes the scores of one model: a file per set, of npz one per detector and set. Each is written aside, then renamed.
 *
 * @param folder  made when absent
 * @returns the files' paths
 */
export async function writeScores(
  format: ScoreFormat,
  folder: string,
  scores: ModelScores,
): Promise<string[]> {
  const paths: string[] = [];
  const put = async (name: string, content: string | Uint8Array): Promise<void> => {
    const path = join(folder, name);
    await makeFolder(dirname(path));
    await writeFileWhole(path, content);
    paths.push(path);
  };
  await makeFolder(folder);
  for (const set of scores.sets) {
    const list: ScoreList = {
      ...set,
      columns: new Map(scores.detectors.map((id) => [id, set.confidence[id] ?? []])),
    };
    const name = scoreFileName(scores.model, set.name, format);
    if (format === "csv") await put(name, scoresAsCsv(list));
    else if (format === "parquet") await put(name, await scoresAsParquet(list));
    else
      for (const [detector, confidence] of list.columns)
        await put(scoreFileName(scores.model, set.name, format, detector), scoresAsNpz(list, confidence));
  }
  return paths;
}

/** The number that a short text stands for: a cut compares with float32 numbers, which few digits only stand for. */
function numberOf(text: string): number {
  const value = Number(text);
  const single = Math.fround(value);
  return shortestFloat32(single) === value ? single : value;
}

/**
 * Reads one score file.
 *
 * @param path  a file made by `writeScores`
 * @param name,group  what the set is; the file does not say
 * @returns the set's scores (confidences as float64: exactly the numbers that were written)
 * @throws OAL-E205 naming the line, when the file is not of this form
 */
export async function readScores(path: string, name: string, group: SetGroup): Promise<SetScores> {
  const [header, ...rows] = parseCsv(await readFile(path, "utf8"));
  const fail = (line: number, reason: string): Error => oalError("OAL-E205", { path, line, reason });
  if (header === undefined || header.slice(0, 3).join() !== "id,label,prediction") {
    throw fail(1, "the header must start with id,label,prediction");
  }
  rows.forEach((row, i) => {
    if (row.length !== header.length)
      throw fail(i + 2, `${row.length} fields where the header has ${header.length}`);
    if (row.slice(1).some((field) => field === "" || (field !== "NaN" && Number.isNaN(Number(field))))) {
      throw fail(i + 2, "a field is not a number");
    }
  });
  const column = (k: number): string[] => rows.map((row) => row[k] ?? "");
  return {
    name,
    group,
    ids: column(0),
    labels: Int32Array.from(column(1), Number),
    predictions: Int32Array.from(column(2), Number),
    confidence: Object.fromEntries(
      header.slice(3).map((detector, k) => [detector, Float64Array.from(column(k + 3), numberOf)]),
    ),
  };
}

/** Records of a CSV text (RFC 4180: quoted fields may hold separators, quotes and line feeds). */
export function parseCsv(text: string, separator: "," | "\t" = ","): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const field =
    separator === ","
      ? /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r?\n|$)/gy
      : /(?:"((?:[^"]|"")*)"|([^\t"\r\n]*))(\t|\r?\n|$)/gy;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) return [...records, record]; // a stray quote: the short record is refused by its reader
    record.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === separator) {
      if (field.lastIndex === text.length) record.push("");
      continue;
    }
    records.push(record);
    record = [];
  }
  return record.length > 0 ? [...records, record] : records;
}
