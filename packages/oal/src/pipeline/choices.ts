/**
 * What chose every setting of a run that could have been tuned. Derived from the configuration, its preset and the results,
 * so that it tells what happened: a value that differs from the preset's was given by the user, one that is the preset's was
 * tuned by nobody in this run.
 */
import { detectors as known } from "oal-core";
import type { Choice } from "../evaluation/choice.js";
import type { EvaluationResult } from "../evaluation/result.js";
import { ownSection } from "../training/methods/method.js";
import { ignoredSettings } from "./configuration/ignored.js";
import { loadConfiguration } from "./configuration/load.js";
import { leaves, valueAt } from "./configuration/merge.js";
import { presets } from "./configuration/presets.js";
import { publishedReasons } from "./configuration/published/state.js";
import type { Configuration } from "./configuration/schema.js";
import { decidingMethod } from "./deciding.js";
import { madeStageId } from "../outliers/sources/made.js";
import { leadingTo } from "./plan/stages.js";
import { planRecipe } from "./recipeNeeds.js";

/** Every setting of a run that could have been tuned, and what chose it. */
export function choicesOf(config: Configuration, results: readonly EvaluationResult[]): Choice[] {
  return [
    ...configurationChoices(config),
    ...weightChoices(config),
    ...together(results.flatMap((result) => detectorChoices(config, result))),
    ...together(results.flatMap(thresholdChoices)),
    {
      setting: "decides",
      value: decidingMethod(config.methods),
      chosenBy: "default",
      how: "by the order of the methods, whatever their results",
    },
  ];
}

/** Sections that stages read, by the stages' ids. */
const stageSections: Readonly<Record<string, readonly string[]>> = {
  teacher: ["teacher"],
  embeddings: ["embeddings"],
  alignment: ["alignment"],
  boundary: ["boundary"],
  diffusion: ["autoEncoder", "denoiser"],
  latents: ["synthesis"],
  [madeStageId]: ["synthesis"],
  warmStart: ["warmStart"],
};

/** Sections whose settings decide a number of the results: those of the stages, loss terms and outlier sources that the run has. */
function tunableSections(config: Configuration): string[] {
  const made = leadingTo(config, ["student"]);
  const read = config.methods.flatMap((recipe) => Object.keys(planRecipe(recipe, config).sourceSettings));
  const start = config.init.model === undefined ? [] : ["init"];
  const sections = [
    ...start,
    "student",
    ...made.flatMap((name) => stageSections[name.split(":")[0] ?? name] ?? []),
    ...read,
  ];
  return [...new Set(sections)].filter((section) => section !== ownSection);
}

function configurationChoices(config: Configuration): Choice[] {
  const paths = [
    ...tunableSections(config).flatMap((section) => leaves(valueAt(config, [section]), [section])),
    ["evaluation", "detectors"],
    ["evaluation", "scoreDetector"],
    ["evaluation", "keep"],
  ];
  const ignored = new Set(ignoredSettings(config).map(({ key }) => key));
  const preset = presets.get(config.preset);
  const { model } = config.init;
  const usual = loadConfiguration(config.preset, model === undefined ? {} : { init: model });
  const published = publishedReasons(config);
  return paths
    .map((path) => ({ path, key: path.join(".") }))
    .filter(({ key }) => !ignored.has(key))
    .map(({ path, key }): Choice => {
      const value = valueAt(config, path);
      const base = { setting: key, value };
      const reason = published.get(key);
      if (reason !== undefined) return { ...base, chosenBy: "published", how: reason };
      if (!same(value, valueAt(usual, path))) return { ...base, chosenBy: "user" };
      if (preset?.published?.some((prefix) => key === prefix || key.startsWith(`${prefix}.`)))
        return { ...base, chosenBy: "published", how: `preset ${config.preset}` };
      const given = valueAt(preset?.configuration ?? {}, path) !== undefined;
      return { ...base, chosenBy: "default", ...(given ? { how: `preset ${config.preset}` } : {}) };
    });
}

/** Values that were read from a file are other objects than those of the code. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Which weights a training ends with: readers ask what chose them. */
function weightChoices(config: Configuration): Choice[] {
  const sections = tunableSections(config);
  const trained = (["teacher", "student"] as const).filter((section) => sections.includes(section));
  return trained.map((section): Choice => {
    const setting = `${section} weights`;
    if (config[section].keep === "best")
      return {
        setting,
        value: "those of the best epoch",
        chosenBy: "validation",
        how: "after which most validation images were right, of equal ones the last",
      };
    return {
      setting,
      value: "those of the last step",
      chosenBy: "default",
      how: "no early stop, and no checkpoint chosen by validation images",
    };
  });
}

function detectorChoices(
  { evaluation }: Configuration,
  { model, detectors, warnings }: EvaluationResult,
): Choice[] {
  return detectors.flatMap(({ id, parameters, search }) => {
    const asked = evaluation.detectors.find((each) => typeof each !== "string" && each.id === id);
    const given = typeof asked === "object" ? asked.parameters : {};
    const specs = known.has(id) ? known.find(id).parameters : {};
    return Object.entries(parameters).map(([name, value]): Choice => {
      const base = { setting: `${id}.${name}`, value, models: [model] };
      if (name in given) return { ...base, chosenBy: "user" };
      if (search?.candidates.some((each) => name in each.parameters))
        return {
          ...base,
          chosenBy: "validation",
          how: "the largest AUROC of known against unknown validation images",
          candidates: search.candidates.map((each) => ({ value: each.parameters[name], score: each.auroc })),
        };
      const usual = specs[name]?.default;
      if (same(value, usual)) return { ...base, chosenBy: "default" };
      const lowered = warnings.find((text) =>
        text.startsWith(`${id}: ${name} is ${String(value)} instead of `),
      );
      return { ...base, chosenBy: "default", how: lowered ?? `instead of ${JSON.stringify(usual)}` };
    });
  });
}

function thresholdChoices({ model, detectors }: EvaluationResult): Choice[] {
  return detectors.flatMap(({ id, decision }): Choice[] => {
    if (decision === null) return [];
    const { target, count, cuts } = decision;
    const how = `the largest that keeps a share of ${target} of pictures like the ${count} known validation images`;
    return [
      { setting: `threshold.${id}`, value: cuts.unknown, chosenBy: "validation", models: [model], how },
    ];
  });
}

/** Choices that are the same for several models, told once. */
function together(choices: readonly Choice[]): Choice[] {
  const found = new Map<string, Choice>();
  for (const { models = [], ...rest } of choices) {
    const key = JSON.stringify(rest);
    const before = found.get(key)?.models ?? [];
    found.set(key, { ...rest, models: [...new Set([...before, ...models])] });
  }
  return [...found.values()];
}
