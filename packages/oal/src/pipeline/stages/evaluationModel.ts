/** The model that an evaluation makes ready for `oal score`: the classifier with its fitted detectors and their decisions. */
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  allRows,
  decisionFromJson,
  decisionToJson,
  type DecisionJson,
  detectors as allDetectors,
  type FittedDetector,
  type ParameterValue,
  type Tensor,
} from "oal-core";
import { z } from "zod";
import { defaultMaxPixels } from "../../data/pictures/limits.js";
import type { EvaluationResult } from "../../evaluation/result.js";
import { writeSafetensors } from "../../nn/safetensors.js";
import type { Artifact } from "../artifact.js";
import type { Configuration } from "../configuration/schema.js";
import { classifierFiles } from "./classifierArtifact.js";
import type { PreparedData } from "./data.js";
import { evaluationFiles } from "./evaluationArtifact.js";

const parameterValue: z.ZodType<ParameterValue> = z.union([
  z.number(),
  z.string(),
  z.boolean(),
  z.array(z.number()),
]);

/** Content of the detector file. */
export const storedDetectorsSchema = z.object({
  /** Id of the detector that decides unless another is asked for. */
  default: z.string(),
  /** Side in pixels of the classifier's images. */
  size: z.number(),
  /** What to do with a picture's EXIF orientation; models of before this was recorded ignored it. */
  orientation: z.enum(["apply", "ignore"]).default("ignore"),
  /** Most pixels of a picture. */
  maxPixels: z.number().default(defaultMaxPixels),
  detectors: z.record(
    z.string(),
    z.object({
      parameters: z.record(z.string(), parameterValue),
      decision: z.custom<DecisionJson>().transform((value) => decisionFromJson(value)),
    }),
  ),
});

type StoredDetectors = z.input<typeof storedDetectorsSchema>;

/** How pictures become images of the model, as `oal score` must do it too. */
export function picturesOf(
  { data: { maxPixels } }: Configuration,
  { orientation }: PreparedData,
): Pick<StoredDetectors, "orientation" | "maxPixels"> {
  return { orientation, maxPixels };
}

/** Copies the student and stores every fitted detector with its decision beside it; tensors are named "detector/tensor". */
export async function writeModel(
  bundle: string,
  student: Artifact,
  fitted: readonly FittedDetector[],
  result: EvaluationResult,
  config: Configuration,
  data: PreparedData,
): Promise<void> {
  await cp(student.folder, bundle, {
    recursive: true,
    filter: (path) => !path.endsWith("artifact.json"),
  });
  const { scoreDetector } = config.evaluation;
  const images = { size: data.train.set.height, ...picturesOf(config, data) };
  const detectors: StoredDetectors["detectors"] = {};
  const tensors = new Map<string, Tensor>();
  for (const { detector, parameters, fitted: kept } of fitted) {
    const decision = result.detectors.find(({ id }) => id === detector.id)?.decision;
    if (!decision) continue;
    detectors[detector.id] = { parameters: { ...parameters }, decision: decisionToJson(decision) };
    for (const [name, tensor] of Object.entries(kept.tensors)) tensors.set(`${detector.id}/${name}`, tensor);
    if (!kept.bank) continue;
    const { count, width } = kept.bank;
    tensors.set(`${detector.id}/bank`, { dtype: "float32", shape: [count, width], data: allRows(kept.bank) });
  }
  const stored: StoredDetectors = { default: allDetectors.find(scoreDetector).id, ...images, detectors };
  await writeFile(join(bundle, evaluationFiles.detector), JSON.stringify(stored, null, 2));
  await writeSafetensors(join(bundle, evaluationFiles.fitted), tensors);
}

/** Files that a model folder for `oal score` must hold. */
export const modelFiles = [
  classifierFiles.description,
  classifierFiles.parameters,
  evaluationFiles.detector,
  evaluationFiles.fitted,
] as const;
