/** The parts of a report that follow from configuration, results and scores alone, whoever has read them. */
import { basename } from "node:path";
import type { Decision } from "oal-core";
import { acceptedBy, classCutRange } from "../evaluation/accepts.js";
import type { Difference } from "../evaluation/compare.js";
import type { SeedRow } from "../evaluation/overSeeds.js";
import type { EvaluationResult, ModelScores, SetScores } from "../evaluation/result.js";
import type { ReportCurves, ReportInput, ReportScores } from "../report/input.js";
import { choicesOf } from "./choices.js";
import { standingRows } from "./configuration/published/state.js";
import type { Configuration } from "./configuration/schema.js";
import { decidingMethod } from "./deciding.js";
import type { StageLog } from "./plan/stageLog.js";
import { planRecipe } from "./recipeNeeds.js";
import { firstSeed, seedsOf } from "./seeds.js";

/** What was measured. */
export interface Measurements {
  /** Seed by seed, in the order of the methods. */
  readonly results: readonly EvaluationResult[];
  readonly overSeeds: readonly SeedRow[];
  readonly differences: readonly Difference[];
  /** Scores of the first seed, in the order of the methods. */
  readonly scored: readonly ModelScores[];
}

/** The fields of a report that need nothing else. */
export function measuredInput(
  config: Configuration,
  { results, overSeeds, differences, scored }: Measurements,
) {
  const detector = config.evaluation.scoreDetector;
  const first = results.slice(0, config.methods.length);
  return {
    title: `Outlier-aware learning on ${dataTitle(config)}`,
    configuration: config,
    headline: { detector, reason: "the detector the run was configured to decide with" },
    seeds: seedsOf(config),
    results: results.map((result) => ({
      ...result,
      detectors: result.detectors.map(({ near, far, nullTest, ...each }) => ({
        ...each,
        ...(near ? { near } : {}),
        ...(far ? { far } : {}),
        ...(nullTest ? { nullTest } : {}),
      })),
    })),
    overSeeds,
    comparisons: differences.map(({ first: one, second: other, on, ...rest }) => ({
      ...rest,
      set: on,
      models: [one, other] as const,
    })),
    scores: scored.flatMap((model) => model.sets.map((set) => reportScores(model.model, set))),
    featureModel: decidingMethod(config.methods),
    thresholds: first.flatMap((result) => {
      const found = result.detectors.find(({ id }) => id === detector);
      const model = scored.find((one) => one.model === result.model);
      return found?.decision && model ? [thresholdOf(model, found.decision)] : [];
    }),
    choices: choicesOf(config, results),
    ...(readsOutliers(config) ? { rows: standingRows(config) } : {}),
    seed: firstSeed(config),
  } satisfies Partial<ReportInput>;
}

/** Whether some student has to do with outliers, as the published method's have. */
function readsOutliers(config: Configuration): boolean {
  return (
    config.mode === "official" ||
    config.methods.some((recipe) => planRecipe(recipe, config).stages.includes("boundary"))
  );
}

/** The sentences under a report's title. @param training number of training images, where it is known */
export function reportSummary({ preset }: Configuration, classes: number, training?: number): string {
  const images = training === undefined ? "" : `, ${training} training images`;
  return `Preset ${preset}: ${classes} known classes${images}. Every student has the same network, data order and number of steps.`;
}

/** What the data of a configuration are called: the drawn digits, or the name of the user's folder, archive or list. */
export function dataTitle({ data }: Pick<Configuration, "data">): string {
  if (data.source === "embedded") return "drawn digits";
  const { list, path = ".", split } = data.id ?? {};
  const place = list ?? (path === "." ? data.source : path);
  const name = basename(place).replace(/\.(tar|tar\.gz|tgz|zip|txt)$/i, "");
  return split === undefined ? name : `${name}, ${split}`;
}

function reportScores(
  model: string,
  { name, group, confidence, labels, predictions, ids }: SetScores,
): ReportScores {
  return {
    model,
    set: name,
    group:
      group === "test" ? "id" : group === "validation" ? "id-validation" : group === "far" ? "far" : "near",
    confidences: Object.fromEntries(
      Object.entries(confidence).map(([id, values]) => [id, Float32Array.from(values)]),
    ),
    labels,
    predictions,
    ids,
  };
}

/** Every loss term of every training. */
export function curvesOf(
  logs: readonly { readonly name: string; readonly log: Pick<StageLog, "curves"> }[],
): ReportCurves[] {
  return logs.flatMap(({ name, log: { curves } }) =>
    Object.entries(curves).map(([training, terms]) => ({
      run: Object.keys(curves).length === 1 ? name : training,
      terms: Object.fromEntries(
        Object.entries(terms).map(([term, points]) => [
          term,
          points.map(([step, value]) => ({ step, value })),
        ]),
      ),
    })),
  );
}

function thresholdOf(model: ModelScores, decision: Decision): ReportInput["thresholds"][number] {
  const { detector, target, cuts } = decision;
  const perClass = classCutRange(decision);
  const accepted = (set: SetScores): number => {
    const known = acceptedBy(decision, set);
    return known.filter((isKnown) => isKnown).length / Math.max(1, known.length);
  };
  const test = model.sets.find(({ group }) => group === "test");
  return {
    model: model.model,
    detector,
    value: cuts.unknown,
    ...(perClass ? { perClass } : {}),
    target,
    ...(test ? { idTestAccepted: accepted(test) } : {}),
    oodAccepted: Object.fromEntries(
      model.sets
        .filter(({ group }) => group === "near" || group === "far")
        .map((set) => [set.name, accepted(set)]),
    ),
  };
}

/** Figures of the stages before the students. */
export function auditOf(
  shown: readonly { readonly name: string; readonly metrics: Readonly<Record<string, number>> }[],
): ReportInput["audit"] {
  const notes: Readonly<Record<string, string>> = {
    "latents: fakeShare":
      "share the teacher calls the embedding's class with more than 0.9: pictures that look in-distribution",
    "latents: sameClassShare": "share the teacher calls the embedding's class",
    "latents: meanConfidence": "mean largest teacher probability on decoded outliers",
    "latents: meanCosine":
      "mean cosine between a picture's teacher feature and the embedding it was made from",
    "latents: inlierSameClassShare":
      "sameClassShare of pictures made from ID embeddings: whether the model obeys its condition",
    "latents: changeByEmbedding": "mean pixel change, 0 to 1, when only the embedding changes",
    "latents: changeByNoise": "mean pixel change, 0 to 1, when only the start noise changes",
    "alignment: accuracy": "share of the teacher's features that are nearest to their own class's token",
    "alignment: meanCosine": "mean cosine between a mapped feature and its class's token",
    "diffusion: psnr": "reconstruction of validation images by the auto-encoder, in dB; 24 are asked for",
    "teacher: trainSeconds": "seconds of the last, uninterrupted part of the training",
  };
  const audited = ["teacher", "teacher:test", "alignment", "boundary", "diffusion", "latents"];
  return shown
    .filter(({ name: stage }) => audited.includes(stage))
    .flatMap(({ name: stage, metrics }) =>
      Object.entries(metrics).map(([name, value]) => {
        const note = notes[`${stage}: ${name}`];
        return { name: `${stage}: ${name}`, value, ...(note === undefined ? {} : { note }) };
      }),
    );
}
