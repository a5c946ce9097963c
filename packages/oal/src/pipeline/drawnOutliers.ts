/** Row 10 of the published code: how many outliers a step draws, whatever the number of its images. */
import { oalError } from "oal-core";
import { restOf } from "../data/batches.js";
import { mutualInformationMethod } from "../training/methods/mutualInformation.js";
import type { Configuration } from "./configuration/schema.js";
import { planRecipe } from "./recipeNeeds.js";
import { batchSizeOf } from "./stages/context.js";

/** Outliers of a step, and of the last step of an epoch. */
const published = { batch: 128, rest: 80 } as const;
const drawnSides: readonly string[] = ["outlierEmbeddings", "outlierLatents"];

/**
 * Refuses images that the published code cannot train a recipe on.
 *
 * @param images how many there are to train on
 * @throws OAL-T140 when they do not leave a rest of 80 in steps of 128, and the recipe draws outliers
 */
export function refuseOtherRests(config: Configuration, recipe: string, images: number): void {
  if (mutualInformationMethod.options(config).drawn !== "published") return;
  const { sources } = planRecipe(recipe, config);
  if (!sources.some(({ names }) => names.some((name) => drawnSides.includes(name)))) return;
  const batch = batchSizeOf(config.student, images);
  const rest = restOf(images, batch, config.student.rest);
  if (batch === published.batch && rest === published.rest) return;
  throw oalError("OAL-T140", { recipe, images, batch, rest });
}
