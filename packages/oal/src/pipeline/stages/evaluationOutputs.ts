/** What an evaluation looks at: the sets of a run, and what the student says of every image. */
import type { ImageSet } from "../../data/imageSet.js";
import type { OutputSet, SetGroup } from "../../evaluation/result.js";
import type { Predictor } from "../../training/predict.js";
import type { PreparedData } from "./data.js";

/** A set of a run, with the part it plays in an evaluation. */
export interface EvaluatedSet {
  readonly name: string;
  readonly group: SetGroup | "validation-ood";
  readonly set: ImageSet;
}

/** Outputs on one set. */
export interface EvaluatedOutputs extends OutputSet {
  /** Numbers per feature. */
  readonly featureWidth: number;
  /** Unknown images that settings may be chosen by; they are no part of the measurement. */
  readonly validationOod: boolean;
}

/** The sets an evaluation looks at. */
export function setsOf(data: PreparedData): readonly EvaluatedSet[] {
  return [
    { name: "train", group: "train", set: data.train.set },
    { name: "id-validation", group: "validation", set: data.validation.set },
    { name: "id", group: "test", set: data.test.set },
    ...data.ood.map(({ name, group, set }) => ({
      name,
      group: group === "validation" ? ("validation-ood" as const) : group,
      set,
    })),
  ];
}

/** Number of images of several sets. */
export function imagesOf(sets: readonly EvaluatedSet[]): number {
  return sets.reduce((sum, { set }) => sum + set.count, 0);
}

/** Runs a model over every set. */
export async function outputsOf(
  predictor: Predictor,
  sets: readonly EvaluatedSet[],
  onProgress: (done: number, total: number) => void,
): Promise<EvaluatedOutputs[]> {
  const total = imagesOf(sets);
  const outputs: EvaluatedOutputs[] = [];
  let done = 0;
  for (const { name, group, set } of sets) {
    const predicted = await predictor.predict(set, (now) => onProgress(done + now, total));
    done += set.count;
    const { logits, features, featureWidth } = predicted;
    const validationOod = group === "validation-ood";
    const { labels, ids } = set;
    const shown = { name, group: validationOod ? ("near" as const) : group, labels, ids };
    outputs.push({ ...shown, logits, features, featureWidth, validationOod });
  }
  return outputs;
}

/** The sets that a choice may rest on, as an evaluation of them: validation ID takes the place of test ID. */
export function validationOutputs(outputs: readonly EvaluatedOutputs[]): EvaluatedOutputs[] {
  const chooser = outputs.filter(
    ({ validationOod, group }) => validationOod || group === "train" || group === "validation",
  );
  if (!chooser.some(({ validationOod }) => validationOod)) return [];
  return chooser.map((set) => (set.group === "validation" ? { ...set, group: "test" } : set));
}
