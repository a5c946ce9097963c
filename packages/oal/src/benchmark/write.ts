/** The folder of a benchmark: results, tables, OpenOOD's files, parameters, scores of every image, and the page. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { writeScores } from "../evaluation/scoreFiles.js";
import type { ScoreFormat } from "../evaluation/scoreForms.js";
import type { SetScores } from "../evaluation/result.js";
import { systemCode, systemProblem, writeError } from "../pipeline/systemError.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import { parametersJson } from "./parameters.js";
import { renderBenchmark } from "./report.js";
import type { BenchmarkResult } from "./result.js";
import {
  benchmarkCsv,
  benchmarkJson,
  latexTable,
  leaderboardCsv,
  markdownTable,
  openOodCsv,
} from "./tables.js";

/** Files that say that a folder is a benchmark's: the results, and before there are any the scores. */
const results = "results.json";
const scoresFolder = "scores";

/**
 * Refuses a folder that is neither new nor empty nor that of a benchmark.
 *
 * @throws OAL-C314, OAL-I101
 */
export async function refuseForeignFolder(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw oalError("OAL-I101", { path: folder, problem: systemProblem(error) ?? String(error) }, error);
  }
  const [file] = names.filter((name) => !name.startsWith("."));
  if (file === undefined || names.includes("parameters.json") || file === scoresFolder) return;
  throw oalError("OAL-C314", { path: folder, file });
}

/**
 * Writes the scores of every image of one seed: npz in OpenOOD's layout, or a table per set.
 *
 * @param name  of the model; seeds are told apart by "-s0"
 */
export async function writeImageScores(
  folder: string,
  formats: readonly ScoreFormat[],
  {
    model,
    seed,
    sets,
    detectors,
  }: {
    readonly model: string;
    readonly seed: number;
    readonly sets: readonly SetScores[];
    readonly detectors: readonly string[];
  },
): Promise<void> {
  try {
    for (const format of formats)
      await writeScores(format, join(folder, scoresFolder, format), {
        model: `${model}-s${seed}`,
        seed,
        detectors,
        sets,
      });
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** Writes everything but the scores; results.json last. @param finished  ISO time @throws OAL-I101 */
export async function writeBenchmark(
  folder: string,
  result: BenchmarkResult,
  finished: string,
): Promise<void> {
  const files: [name: string, content: string][] = [
    ["parameters.json", parametersJson(result.rows)],
    ["figures.csv", benchmarkCsv(result)],
    ["leaderboard.csv", leaderboardCsv(result)],
    ["table.md", markdownTable(result)],
    ["table.tex", latexTable(result)],
    ...result.rows.map((row): [string, string] => [
      join("openood", encodeURIComponent(row.model), `${row.detector}.csv`),
      openOodCsv(result, row),
    ]),
    ["report.html", renderBenchmark(result, finished)],
    [results, benchmarkJson(result)],
  ];
  try {
    for (const [name, content] of files) {
      const path = join(folder, name);
      await makeFolder(join(path, ".."));
      await writeFileWhole(path, content);
    }
  } catch (error) {
    throw writeError(folder, error);
  }
}
