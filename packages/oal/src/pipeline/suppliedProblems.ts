/** What of outliers from files does not fit a run: classes that it does not have, no classes where they are asked for, another width. */
import { oalError, type OalError } from "oal-core";
import { mutualInformationMethod } from "../training/methods/mutualInformation.js";
import type { Configuration } from "./configuration/schema.js";
import type { RunModels } from "./models.js";

/**
 * Every problem.
 *
 * @param classes  number of classes; undefined where the data could not be looked at
 * @param conditions  length of the embeddings that latents will be made from; undefined when none are made
 */
export function suppliedProblems(
  config: Configuration,
  { latents, embeddings }: RunModels,
  classes: number | undefined,
  conditions: number | undefined,
): OalError[] {
  const problems: OalError[] = [];
  const refuse = (at: string, path: string, problem: string): void => {
    problems.push(oalError("OAL-T135", { at, path, problem }));
  };
  const { pairing } = mutualInformationMethod.options(config);
  const files = [
    { at: "synthesis.latents", file: latents, needsLabels: pairing !== "random" },
    {
      at: "boundary.outliers",
      file: embeddings,
      needsLabels: pairing === "class" || conditions !== undefined,
    },
  ];
  for (const { at, file, needsLabels } of files) {
    if (!file) continue;
    const { path, labels } = file;
    if (labels === null && needsLabels)
      refuse(
        at,
        path,
        at === "synthesis.latents" || pairing === "class"
          ? `has no labels, and mi.pairing: ${pairing} draws outliers by class`
          : "has no labels, and latents are made for the classes of embeddings",
      );
    const foreign = labels?.find((label) => label < 0 || label >= (classes ?? Infinity));
    if (foreign !== undefined)
      refuse(at, path, `has label ${foreign}; the run has classes 0 to ${(classes ?? 0) - 1}`);
  }
  if (embeddings && conditions !== undefined && embeddings.dimension !== conditions)
    refuse(
      "boundary.outliers",
      embeddings.path,
      `has embeddings of ${embeddings.dimension} numbers, and latents are made from ${conditions}`,
    );
  return problems;
}
