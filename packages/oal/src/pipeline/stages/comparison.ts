/** Stage "comparison": the results of every student and seed as tables, their means over seeds, and their paired differences. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { differencesOf, type Difference } from "../../evaluation/compare.js";
import { rowsOf, type SeedRow } from "../../evaluation/overSeeds.js";
import {
  mayChoose,
  type EvaluationResult,
  type ModelScores,
  type SetScores,
} from "../../evaluation/result.js";
import { readScores, scoreFileName, writeScores } from "../../evaluation/scoreFiles.js";
import { drawSeedsInThreads, type SeedSamples } from "../../evaluation/seedSamples.js";
import { resultCsv, resultJson } from "../../evaluation/tables.js";
import type { Artifact } from "../artifact.js";
import { choicesOf } from "../choices.js";
import { resultSettings } from "../resultSettings.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { seedsOf, studentsOf, type StudentInstance } from "../seeds.js";
import type { PreparedData } from "./data.js";
import { evaluationFiles, readResult } from "./evaluationArtifact.js";

/** Files of a comparison artifact; all of them are copied into the run folder, and so are its scores in other forms than CSV. */
export const comparisonFiles = {
  table: "results.csv",
  results: "results.json",
  differences: "differences.json",
} as const;

/** The name of a student's evaluation in a run. */
export function evaluationName({ label }: Pick<StudentInstance, "label">): string {
  return `evaluation:${label}`;
}

/** Tables, means over seeds and differences. */
export const comparisonStage: Stage = {
  id: "comparison",
  version: 3,
  title: "tables of all students, means over seeds, paired differences",
  seeds: "once",
  variants: () => [""],
  // the choices tell of the whole configuration
  slice: ({ config }) => resultSettings(config),
  inputs: (config) =>
    Object.fromEntries(
      studentsOf(config).map((student) => [evaluationName(student), evaluationName(student)]),
    ),
  effort: ({ config, data }) => ({
    unit: config.evaluation,
    amount:
      studentsOf(config).length * data.ood.reduce((sum, { set }) => sum + set.count, data.test.set.count),
  }),
  async run(job) {
    const { config, engine, folder, events, signal } = job;
    const { results, models, images } = await readEvaluations(job);
    const seeds = seedsOf(config);
    const severalSeeds = seeds.seeds.length > 1;
    const { bootstrap: resamples } = config.evaluation;
    events.progress(0, 2, { text: "resamples" });
    const needsSamples = resamples > 0 ? severalSeeds || models.length > 1 : severalSeeds;
    const samples = needsSamples
      ? await drawSeedsInThreads(
          models,
          { resamples, seed: config.seed, images },
          { threads: engine.facts.threads, onTurn: () => signal.throwIfAborted() },
        )
      : undefined;
    events.progress(1, 2, { text: "differences" });
    const overSeeds = samples && severalSeeds ? rowsOf(samples) : [];
    const differences = samples && resamples > 0 ? differencesOfPairs(samples) : [];
    const choices = choicesOf(config, results);
    const extras = { seeds, ...(severalSeeds ? { overSeeds } : {}), choices };
    await writeFile(join(folder, comparisonFiles.table), resultCsv(results, extras));
    await writeFile(join(folder, comparisonFiles.results), resultJson(results, extras));
    await writeFile(join(folder, comparisonFiles.differences), JSON.stringify(differences, null, 2));
    await writeForms(job, models);
    events.progress(2, 2, { text: "differences" });
  },
};

/** The scores of every student and seed in the other forms that are asked for, a folder for each form. */
async function writeForms(
  { config, folder, signal }: StageJob,
  models: readonly (readonly ModelScores[])[],
): Promise<void> {
  const all = models.flat();
  for (const format of config.evaluation.scoreFiles)
    for (const { method, seed, label } of studentsOf(config)) {
      signal.throwIfAborted();
      const scores = all.find((each) => each.model === method && each.seed === seed);
      if (scores)
        await writeScores(format, join(folder, evaluationFiles.scores, format), { ...scores, model: label });
    }
}

/** What a comparison holds, read back. */
export interface Comparison {
  readonly differences: Difference[];
  /** Means over several seeds; empty for one. */
  readonly overSeeds: SeedRow[];
}

/** Reads a comparison artifact. */
export async function readComparison({ folder }: Artifact): Promise<Comparison> {
  const differences: Difference[] = JSON.parse(
    await readFile(join(folder, comparisonFiles.differences), "utf8"),
  );
  const { overSeeds = [] }: { overSeeds?: SeedRow[] } = JSON.parse(
    await readFile(join(folder, comparisonFiles.results), "utf8"),
  );
  return { differences, overSeeds };
}

/** Results and scores of every student. */
export interface Evaluations {
  /** Seed by seed, in the order of the methods. */
  readonly results: readonly EvaluationResult[];
  /** Scores by method, one per seed. */
  readonly models: readonly (readonly ModelScores[])[];
  /** One name per seed for the images it was measured on: equal where they are the same. */
  readonly images: readonly string[];
}

/** Reads what the evaluations of a run hold; they are the job's inputs under their own names. */
export async function readEvaluations(
  job: Pick<StageJob, "config" | "data" | "input">,
): Promise<Evaluations> {
  const { config, data } = job;
  const results: EvaluationResult[] = [];
  const byMethod = new Map<string, ModelScores[]>(config.methods.map((method) => [method, []]));
  const images = new Map<number, string>();
  for (const student of studentsOf(config)) {
    const artifact = job.input(evaluationName(student));
    const result = await readResult(artifact);
    results.push(result);
    byMethod.get(student.method)?.push(await readModelScores(result, artifact, data));
    images.set(student.seed, imagesOf(artifact, data));
  }
  return { results, models: [...byMethod.values()], images: [...images.values()] };
}

async function readModelScores(
  { model, seed, detectors }: EvaluationResult,
  artifact: Artifact,
  data: Pick<PreparedData, "ood">,
): Promise<ModelScores> {
  const folder = join(artifact.folder, evaluationFiles.scores);
  const names: readonly [string, SetScores["group"]][] = [
    ["id-validation", "validation"],
    ["id", "test"],
    ...measuredSets(data).map(({ name, group }): [string, SetScores["group"]] => [name, group]),
  ];
  const sets: SetScores[] = [];
  for (const [name, group] of names)
    sets.push(await readScores(join(folder, scoreFileName(model, name)), name, group));
  // a detector that could not be fitted (too few images) was left out of the evaluation
  return { model, seed, detectors: detectors.map(({ id }) => id), sets };
}

/** Content hashes of the images that the metrics were measured on. */
function imagesOf({ manifest }: Artifact, data: Pick<PreparedData, "ood">): string {
  return ["id", ...measuredSets(data).map(({ name }) => name)]
    .map((name) => manifest.data[name] ?? "")
    .join(" ");
}

function measuredSets({
  ood,
}: Pick<PreparedData, "ood">): readonly { name: string; group: "near" | "far" }[] {
  return ood.flatMap(({ name, group }) => (mayChoose(group) ? [] : [{ name, group }]));
}

/** Differences of all pairs, the earlier model first. */
function differencesOfPairs(samples: SeedSamples): Difference[] {
  const options = { perSet: true };
  return samples.models.flatMap((_, first) =>
    samples.models.slice(0, first).flatMap((__, second) => differencesOf(samples, first, second, options)),
  );
}
