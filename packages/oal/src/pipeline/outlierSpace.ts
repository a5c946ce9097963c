/**
 * Outlier embeddings that students take for features of the teacher, in runs where they are none: they lie among the tokens of Stable
 * Diffusion, or come from a file of another width. Other uses (the terms of mutual information) take embeddings of any space.
 */
import { oalError, type OalError } from "oal-core";
import { alignedExposures, exposureMethod } from "../training/methods/exposure.js";
import { featureExposureMethod } from "../training/methods/featureExposure.js";
import type { Configuration } from "./configuration/schema.js";
import type { RunModels } from "./models.js";
import { planRecipe } from "./recipeNeeds.js";
import { outlierEmbeddingsSource } from "./sideSources/outlierRows.js";
import { isAligned } from "./stages/alignment.js";
import { boundaryStage } from "./stages/boundary.js";

/**
 * Every problem.
 *
 * @param methods  recipes of the students that are trained
 * @param widthOf  tells the width of the teacher's features; undefined where its classes are not known
 * @returns OAL-C202 for embeddings of tokens, OAL-T135 for a file of another width
 */
export function outlierSpaceProblems(
  config: Configuration,
  methods: readonly string[],
  { embeddings }: RunModels,
  widthOf: () => number | undefined,
): OalError[] {
  return methods.flatMap((recipe) => {
    const use = useOf(config, recipe);
    if (use === undefined) return [];
    if (isAligned(config))
      return oalError("OAL-C202", {
        where: "configuration",
        at: "synthesis.align",
        problem: `recipe ${recipe} takes outlier embeddings for features of the teacher (${use.key}), and with synthesis.model they lie among its tokens: give synthesis.align: false, or ${use.instead}`,
      });
    const width = embeddings && widthOf();
    if (!embeddings || width === undefined || embeddings.dimension === width) return [];
    return oalError("OAL-T135", {
      at: "boundary.outliers",
      path: embeddings.path,
      problem: `has embeddings of ${embeddings.dimension} numbers, and recipe ${recipe} takes them for features of the teacher (${use.key}), which have ${width}`,
    });
  });
}

/** By which settings a recipe takes outlier embeddings of the stage "boundary" for features of the teacher; undefined: it does not. */
function useOf(
  config: Configuration,
  recipe: string,
): { readonly key: string; readonly instead: string } | undefined {
  const { methods, settings, sources } = planRecipe(recipe, config);
  const reads = sources.some(
    ({ source, stages }) => source === outlierEmbeddingsSource && stages.includes(boundaryStage.id),
  );
  if (!reads) return undefined;
  const has = (id: string): boolean => methods.some(({ method }) => method.id === id);
  if (has(featureExposureMethod.id)) return { key: "featureExposure.weight", instead: "another recipe" };
  const weights = has(exposureMethod.id) ? alignedExposures(settings) : [];
  if (weights.length === 0) return undefined;
  return { key: weights.join(", "), instead: `${weights.map((key) => `${key}: 0`).join(", ")}` };
}
