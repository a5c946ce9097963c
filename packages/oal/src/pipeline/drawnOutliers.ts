/** Row 10 of the published code: how many outliers a step draws, whatever the number of its images. */
import { oalError, type OalError } from "oal-core";
import { restOf } from "../data/batches.js";
import { mutualInformationMethod } from "../training/methods/mutualInformation.js";
import type { Configuration } from "./configuration/schema.js";
import { planRecipe } from "./recipeNeeds.js";
import { batchSizeOf } from "./stages/context.js";

/** Outliers of a step, and of the last step of an epoch. */
const published = { batch: 128, rest: 80 } as const;
const drawnSides: readonly string[] = ["outlierEmbeddings", "outlierLatents"];

/**
 * Why the published code cannot train a recipe on so many images; undefined where it can.
 *
 * @param images how many there are to train on
 * @returns OAL-T140 when they do not leave a rest of 80 in steps of 128, and the recipe draws outliers
 */
export function restProblem(config: Configuration, recipe: string, images: number): OalError | undefined {
  if (mutualInformationMethod.options(config).drawn !== "published") return undefined;
  const { sources } = planRecipe(recipe, config);
  if (!sources.some(({ names }) => names.some((name) => drawnSides.includes(name)))) return undefined;
  const batch = batchSizeOf(config.student, images);
  const rest = restOf(images, batch, config.student.rest);
  if (batch === published.batch && rest === published.rest) return undefined;
  return oalError("OAL-T140", { recipe, images, batch, rest });
}
