/** What an evaluation looks at: the sets of a run, and what the student says of every image. */
import { oalError, type RowKeeper, type RowSink } from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import type { OutputSet } from "../../evaluation/outputs.js";
import { mayChoose, type SetGroup } from "../../evaluation/result.js";
import { rangeReader, type Predictor } from "../../training/predict.js";
import type { PreparedData } from "./data.js";

/** A set of a run, with the part it plays in an evaluation. */
export interface EvaluatedSet {
  readonly name: string;
  readonly group: SetGroup;
  readonly set: ImageSet;
}

/** The sets an evaluation looks at. */
export function setsOf(data: PreparedData): readonly EvaluatedSet[] {
  const [train, validation] = knownSets(data);
  return [train, validation, { name: "id", group: "test", set: data.test.set }, ...data.ood];
}

/** The sets that settings are chosen by, and those that detectors are fitted on: nothing of the test. */
export function choosingSets(
  data: Pick<PreparedData, "train" | "validation" | "ood">,
): readonly EvaluatedSet[] {
  return [...knownSets(data), ...data.ood.filter(({ group }) => mayChoose(group))];
}

function knownSets({
  train,
  validation,
}: Pick<PreparedData, "train" | "validation">): readonly [EvaluatedSet, EvaluatedSet] {
  return [
    { name: "train", group: "train", set: train.set },
    { name: "id-validation", group: "validation", set: validation.set },
  ];
}

/** Which part each set plays: a result depends on it, and its images do not tell. */
export function groupsOf(
  sets: readonly Pick<EvaluatedSet, "name" | "group">[],
): readonly (readonly [name: string, group: SetGroup])[] {
  return sets.map(({ name, group }) => [name, group]);
}

/** Number of images of several sets. */
export function imagesOf(sets: readonly EvaluatedSet[]): number {
  return sets.reduce((sum, { set }) => sum + set.count, 0);
}

/**
 * Runs a model over every set.
 *
 * @param keep  where logits and features go: those of a large training set are more than memory holds
 */
export async function outputsOf(
  predictor: Predictor,
  sets: readonly EvaluatedSet[],
  keep: RowKeeper,
  onProgress: (done: number, total: number) => void,
): Promise<OutputSet[]> {
  const total = imagesOf(sets);
  const outputs: OutputSet[] = [];
  let done = 0;
  for (const [k, { name, group, set }] of sets.entries()) {
    const read = rangeReader(set);
    let sinks: { readonly logits: RowSink; readonly features: RowSink } | undefined;
    for await (const batch of predictor.batches(set.count, set.height, read)) {
      sinks ??= {
        logits: keep(`set${k}.logits`, batch.classes),
        features: keep(`set${k}.features`, batch.featureWidth),
      };
      sinks.logits.append(batch.logits);
      sinks.features.append(batch.features);
      onProgress(done + batch.end, total);
    }
    if (!sinks) throw oalError("OAL-X101", { problem: `set ${name} has no images` });
    done += set.count;
    const rows = { logits: sinks.logits.finish(), features: sinks.features.finish() };
    outputs.push({ name, group, labels: set.labels, ids: set.ids, ...rows, images: { read } });
  }
  return outputs;
}
