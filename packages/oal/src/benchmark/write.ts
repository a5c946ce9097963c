/** The folder of a benchmark: results, tables, OpenOOD's files, parameters, scores of every image, and the page. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { mayChoose, type SetScores } from "../evaluation/result.js";
import { writeScores } from "../evaluation/scoreFiles.js";
import type { ScoreFormat } from "../evaluation/scoreForms.js";
import { writeError } from "../runtime/systemError.js";
import { foreignFileIn } from "../runtime/foreignFile.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { tryFolder } from "../runtime/tryFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import { parametersJson } from "./parameters.js";
import { renderBenchmark } from "./report.js";
import type { BenchmarkResult } from "./result.js";
import { benchmarkCsv } from "./forms/csv.js";
import { benchmarkJson } from "./forms/index.js";
import { latexTable } from "./forms/latex.js";
import { markdownTable } from "./forms/markdown.js";
import { leaderboardCsv, openOodCsv } from "./forms/openOod.js";

/** The results, written last. */
const results = "results.json";
const scoresFolder = "scores";
const openOodFolder = "openood";
/** Below that of the scores: known and unknown validation images, which no figure of the results is about. */
const choosingFolder = "choosing";
/** Says that a folder is a benchmark's while there are no results yet. */
const marker = ".oal-benchmark";

/** What tells the results of a benchmark, of whatever version, from other files of that name. */
const resultsSchema = z.looseObject({
  format: z.int(),
  protocol: z.looseObject({ id: z.string() }),
  rows: z.array(z.unknown()),
  bootstrap: z.looseObject({ resamples: z.number() }),
});

/** Scores of every image of one seed of a model. */
export interface ImageScores {
  /** Name of the model; seeds are told apart by "-s0". */
  readonly model: string;
  readonly seed: number;
  readonly sets: readonly SetScores[];
  readonly detectors: readonly string[];
}

/** The texts of a benchmark's files by name, the results last. */
function filesOf(result: BenchmarkResult, finished: string): [name: string, content: string][] {
  return [
    ["parameters.json", parametersJson(result.rows)],
    ["figures.csv", benchmarkCsv(result)],
    ["leaderboard.csv", leaderboardCsv(result)],
    ["table.md", markdownTable(result)],
    ["table.tex", latexTable(result)],
    ...result.rows.map((row): [string, string] => [
      join(openOodFolder, encodeURIComponent(row.model), `${row.detector}.csv`),
      openOodCsv(result, row),
    ]),
    ["report.html", renderBenchmark(result, finished)],
    [results, benchmarkJson(result)],
  ];
}

/** What an earlier benchmark may have left that a later one need not write again. */
const earlier = [
  results,
  scoresFolder,
  openOodFolder,
  "parameters.json",
  "figures.csv",
  "leaderboard.csv",
  "table.md",
  "table.tex",
  "report.html",
];

/**
 * A folder for the files of one benchmark. What an earlier benchmark left there is removed before the first file of this one is written,
 * and nothing else: files of two benchmarks side by side would be read as one.
 */
export class BenchmarkFolder {
  readonly #path: string;
  readonly #formats: readonly ScoreFormat[];
  #isBegun = false;

  private constructor(path: string, formats: readonly ScoreFormat[]) {
    this.#path = path;
    this.#formats = formats;
  }

  /**
   * Looks at a folder, which is new, empty or that of a benchmark, and in which something can be made; nothing of the benchmark is
   * written or removed yet.
   *
   * @param formats  of the scores of every image
   * @throws OAL-C314, OAL-I101
   */
  static async open(path: string, formats: readonly ScoreFormat[]): Promise<BenchmarkFolder> {
    let file: string | undefined;
    try {
      file = await foreignFileIn(path, { isOwn: (names) => names.includes(marker) || holdsResults(path) });
      if (file === undefined) await tryFolder(path);
    } catch (error) {
      throw writeError(path, error);
    }
    if (file !== undefined) throw oalError("OAL-C314", { path, file });
    return new BenchmarkFolder(path, formats);
  }

  /**
   * Writes the scores of every image of one seed: npz in OpenOOD's layout, or a table per set. Those of validation images lie apart, so
   * that all tables of a model together are what its figures are about.
   *
   * @throws OAL-I101
   */
  async writeScores({ model, seed, sets, detectors }: ImageScores): Promise<void> {
    const chooses = ({ group }: SetScores): boolean => group === "validation" || mayChoose(group);
    const parts = [
      { folder: scoresFolder, own: sets.filter((set) => !chooses(set)) },
      { folder: join(scoresFolder, choosingFolder), own: sets.filter(chooses) },
    ].filter(({ own }) => own.length > 0);
    await this.#writing(async () => {
      for (const format of this.#formats)
        for (const { folder, own } of parts)
          await writeScores(format, join(this.#path, folder, format), {
            model: `${model}-s${seed}`,
            seed,
            detectors,
            sets: own,
          });
    });
  }

  /** Writes everything but the scores. @param finished  ISO time @throws OAL-I101 */
  async finish(result: BenchmarkResult, finished: string): Promise<void> {
    await this.#writing(async () => {
      for (const [name, content] of filesOf(result, finished)) {
        const path = join(this.#path, name);
        await makeFolder(join(path, ".."));
        await writeFileWhole(path, content);
      }
      await rm(join(this.#path, marker), { force: true });
    });
  }

  async #writing(write: () => Promise<void>): Promise<void> {
    try {
      if (!this.#isBegun) await this.#begin();
      this.#isBegun = true;
      await write();
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }

  /** From here on the folder is known by its marker, whatever ends the benchmark. */
  async #begin(): Promise<void> {
    await makeFolder(this.#path);
    await writeFileWhole(join(this.#path, marker), "oal benchmark is writing here, or was stopped\n");
    for (const name of earlier) await rm(join(this.#path, name), { recursive: true, force: true });
  }
}

async function holdsResults(folder: string): Promise<boolean> {
  try {
    return resultsSchema.safeParse(JSON.parse(await readFile(join(folder, results), "utf8"))).success;
  } catch {
    return false;
  }
}
