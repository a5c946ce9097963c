/**
 * A run folder that was copied without the store its artifacts lie in. Its results, scores, models and report are real files:
 * who asks for results or report again gets them from these, because to plan the run here would be to train it again.
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { oalError } from "oal-core";
import { bundleFileName, readBundle } from "../bundle/index.js";
import type { Difference } from "../evaluation/compare.js";
import type { SeedRow } from "../evaluation/overSeeds.js";
import type { EvaluationResult, ModelScores, SetScores } from "../evaluation/result.js";
import { resultsFromJson } from "../evaluation/resultForm.js";
import { readScores, scoreFileName } from "../evaluation/scoreFiles.js";
import type { ReportInput } from "../report/input.js";
import type { Configuration } from "./configuration/schema.js";
import { decidingMethod } from "./deciding.js";
import { readEvents, type RunEvent } from "./events.js";
import { manifestName } from "./artifact.js";
import { curvesOf as curvesOfEvents } from "./plan/stageLog.js";
import { auditOf, curvesOf, measuredInput, reportSummary, type Measurements } from "./reportParts.js";
import { isSameRun, readRunManifest, type RunRecord } from "./runFolder.js";
import type { RunResult } from "./runTypes.js";
import { seedsOf } from "./seeds.js";
import { comparisonFiles } from "./stages/comparison.js";
import { reportFiles } from "./stages/report.js";
import { storeFolder } from "./store/location.js";

/** What the files of a copied run hold. */
export interface CopiedRun {
  readonly result: RunResult;
  /** What was done, in a sentence. */
  readonly sentence: string;
}

/**
 * What a finished run left in its folder, where its artifacts are not in this machine's store. A report that is missing is made
 * from results, scores and events, without what needs pictures.
 *
 * @param until "evaluation" or "report"
 * @returns null when the artifacts are here, the folder holds another run, or an unfinished one: then the run is to be gone on with
 * @throws OAL-E231 when the folder lacks what was asked for, which only the run itself could make
 */
export async function openCopiedRun(
  path: string,
  config: Configuration,
  until: string,
): Promise<CopiedRun | null> {
  const folder = resolve(path);
  const record = readRunManifest(folder)?.current;
  if (!record?.finished || !isSameRun(record.configuration, config)) return null;
  const missing = missingStages(record);
  if (missing.length === 0) return null;
  const lacks = [comparisonFiles.results, comparisonFiles.differences].filter(
    (name) => !existsSync(join(folder, name)),
  );
  if (lacks.length > 0)
    throw oalError("OAL-E231", { path, missing: missing.length, store: storeFolder(), lacks });
  const text = await readFile(join(folder, comparisonFiles.results), "utf8");
  const { overSeeds = [] }: { overSeeds?: SeedRow[] } = JSON.parse(text);
  const results = resultsFromJson(text);
  const differences: Difference[] = JSON.parse(
    await readFile(join(folder, comparisonFiles.differences), "utf8"),
  );
  const page = join(folder, reportFiles.page);
  const makesPage = until === "report" && !existsSync(page);
  if (makesPage) {
    const scored = await readScored(folder, config, results);
    const { writeReport } = await import("../report/write.js");
    const input = await inputOf(folder, config, record, { results, overSeeds, differences, scored });
    await writeReport(input, page);
  }
  const done = makesPage
    ? "the report was made from them, without what needs pictures"
    : "these are the copied files";
  return {
    result: {
      folder,
      artifacts: {},
      results,
      seeds: seedsOf(config),
      overSeeds,
      differences,
      ...(until === "report" ? { reportPath: page } : {}),
    },
    sentence: `${missing.length} artifacts of this run are not in the store of this machine (${storeFolder()}), so nothing is made again: ${done}; oal run ${path} trains it anew`,
  };
}

/** What takes no training, and is made again without a question. */
const quick = /^(data|evaluation|comparison|report)\b/;

/** Trained stages of a record whose artifact this machine's store does not have. */
function missingStages({ stages }: RunRecord): string[] {
  const artifacts = join(storeFolder(), "artifacts");
  const trained = Object.entries(stages).filter(([name]) => !quick.test(name));
  return trained.flatMap(([name, { folder }]) => {
    const own = folder.split("/").at(-1) ?? "";
    return existsSync(join(artifacts, own, manifestName)) ? [] : [name];
  });
}

/** Scores of the first seed; none of a model whose files are gone. */
async function readScored(
  folder: string,
  { methods }: Configuration,
  results: readonly EvaluationResult[],
): Promise<ModelScores[]> {
  const names: string[] = await readdir(join(folder, "scores")).catch(() => []);
  const scored: ModelScores[] = [];
  for (const { model, seed, detectors } of results.slice(0, methods.length)) {
    const places: [string, SetScores["group"]][] = [
      ["id-validation", "validation"],
      ["id", "test"],
      ...(detectors[0]?.sets ?? []).map(({ name, group }): [string, SetScores["group"]] => [name, group]),
    ];
    const sets: SetScores[] = [];
    for (const [name, group] of places) {
      const file = scoreFileName(model, name);
      if (names.includes(file)) sets.push(await readScores(join(folder, "scores", file), name, group));
    }
    if (sets.some(({ group }) => group === "test"))
      scored.push({ model, seed, detectors: detectors.map(({ id }) => id), sets });
  }
  return scored;
}

async function inputOf(
  folder: string,
  config: Configuration,
  record: RunRecord,
  measured: Measurements,
): Promise<ReportInput> {
  const events = readEvents(join(folder, "events.jsonl"));
  const first = Object.entries(record.stages).filter(([name]) => !/\.seed\d+$/.test(name));
  const classNames = await classNamesOf(folder, config);
  return {
    ...measuredInput(config, measured),
    summary: reportSummary(config, classNames.length, record.stages["data"]?.metrics["train"]),
    environment: {
      versions: { ...record.versions },
      hardware: { ...record.hardware },
      seconds: Object.fromEntries(
        Object.entries(record.stages).map(([name, { seconds }]) => [name, seconds]),
      ),
      ...(record.finished === null ? {} : { finished: record.finished }),
    },
    classNames,
    curves: curvesOf(first.map(([name]) => ({ name, log: { curves: curvesIn(events, name) } }))),
    samples: [],
    features: [],
    mistakes: [],
    leftOut: [],
    audit: auditOf(first.map(([name, { metrics }]) => ({ name, metrics }))),
    warnings: [
      "this page was made from the files of a run folder whose artifacts are elsewhere: pictures of data, outliers and mistakes, the feature map, and what was left out are missing",
      ...new Set(
        events.flatMap(({ kind, stage, text }) => (kind === "warning" ? [`${stage}: ${text ?? ""}`] : [])),
      ),
    ],
  };
}

function curvesIn(events: readonly RunEvent[], stage: string): ReturnType<typeof curvesOfEvents> {
  return curvesOfEvents(events.filter((event) => event.stage === stage));
}

/** Class names as the deciding model's file has them; none when it is gone. */
async function classNamesOf(folder: string, { methods }: Configuration): Promise<readonly string[]> {
  const path = join(folder, "models", bundleFileName(decidingMethod(methods)));
  return existsSync(path) ? (await readBundle(path, { verify: false })).classNames : [];
}
