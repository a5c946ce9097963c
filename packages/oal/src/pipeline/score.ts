/** Scoring single pictures with a trained model and the detectors stored beside it. */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  attachDetector,
  findDetector,
  float32Data,
  oalError,
  OalError,
  preprocessImage,
  toPlanes,
  uint8Tensor,
  type Detector,
  type Tensor,
} from "oal-core";
import type { z } from "zod";
import { decodeImage } from "../data/decode.js";
import { locate, problemOf, readRegularFile, walkFolder } from "../data/pictures/folderWalk.js";
import type { SkippedFiles } from "../data/pictures/kinds.js";
import { selectPictures } from "../data/pictures/select.js";
import { readSafetensors } from "../nn/safetensors.js";
import { compile } from "../runtime/node.js";
import { classifierGraph } from "../training/model.js";
import type { ScoredImage, ScoreOptions } from "./runTypes.js";
import { loadClassifier } from "./stages/classifierArtifact.js";
import { evaluationFiles, modelFiles, storedDetectorsSchema } from "./stages/evaluation.js";

/** The folder of a model: the folder itself, or the best one inside a run folder (oal, then kd, then ce). */
export function modelFolderOf(path: string): string {
  const inside = ["oal", "kd", "ce"].map((method) => join(path, "models", method));
  const found = [path, ...inside].find((folder) =>
    modelFiles.every((name) => existsSync(join(folder, name))),
  );
  if (found === undefined) throw oalError("OAL-I121", { path });
  return found;
}

/** A picture to score. */
export interface PictureFile {
  /** As it is shown. */
  readonly path: string;
  /** As the system's calls take it. */
  readonly location: string | Buffer;
  /** Why it cannot be read, where looking for it showed that. */
  readonly problem?: string;
}

/**
 * The pictures of a command line: files as they are, folders walked through (each real folder once).
 *
 * @returns the pictures in order, and what was no picture, by reason
 * @throws OAL-D101 for a path that does not exist, OAL-D121 for a folder that cannot be read
 */
export async function picturesIn(
  paths: readonly string[],
): Promise<{ readonly pictures: readonly PictureFile[]; readonly skipped: SkippedFiles }> {
  const found: PictureFile[] = [];
  const reasons = new Map<string, number>();
  for (const path of paths) {
    if (!existsSync(path)) throw oalError("OAL-D101", { path });
    if (!statSync(path).isDirectory()) {
      found.push({ path, location: path });
      continue;
    }
    const { pictures, skipped } = selectPictures(await walkFolder(path));
    for (const member of pictures) {
      const { problem } = member;
      const file = { path: join(path, member.path), location: locate(path, member.path) };
      found.push(problem === undefined ? file : { ...file, problem });
    }
    for (const [reason, count] of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return { pictures: found, skipped: reasons };
}

/** The bytes of a picture. @throws OAL-D102 when it cannot be read */
export async function readPicture({ path, location, problem }: PictureFile): Promise<Uint8Array> {
  if (problem !== undefined) throw oalError("OAL-D102", { file: path, problem });
  try {
    return await readRegularFile(location);
  } catch (error) {
    throw oalError("OAL-D102", { file: path, problem: problemOf(error) }, error);
  }
}

async function readDetectors(folder: string): Promise<z.infer<typeof storedDetectorsSchema>> {
  const path = join(folder, evaluationFiles.detector);
  try {
    return storedDetectorsSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw oalError("OAL-I103", { path, problem }, error);
  }
}

/** The detector asked for, or the model's own. Throws OAL-C202 for one that the model was not measured with. */
function chosenDetector(
  stored: z.infer<typeof storedDetectorsSchema>,
  asked: string | undefined,
): z.infer<typeof storedDetectorsSchema>["detectors"][string] & { detector: Detector } {
  const detector = findDetector(asked ?? stored.default);
  const found = stored.detectors[detector.id];
  if (found) return { detector, ...found };
  const known = Object.keys(stored.detectors).join(", ");
  throw oalError("OAL-C202", {
    where: "oal score",
    at: "--detector",
    problem: `the model was evaluated with ${known} only; ${detector.id} must be in evaluation.detectors of its run`,
  });
}

async function fittedTensors(folder: string, detector: string): Promise<Record<string, Tensor>> {
  const { tensors } = await readSafetensors(join(folder, evaluationFiles.fitted));
  const prefix = `${detector}/`;
  return Object.fromEntries(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );
}

/**
 * Label, confidence and "known or unknown" for pictures of any size.
 *
 * @param model a run folder, or a model folder inside it (models/<method>)
 * @param paths pictures or folders of pictures
 * @throws OAL-D101, OAL-I121 (no model there), OAL-D102 (an unreadable picture beyond `skipBad`)
 */
export async function scoreImages(
  model: string,
  paths: readonly string[],
  options: ScoreOptions = {},
): Promise<ScoredImage[]> {
  const folder = modelFolderOf(model);
  const { pictures } = await picturesIn(paths);
  const classifier = await loadClassifier(folder);
  const stored = await readDetectors(folder);
  const { detector, parameters, threshold: calibrated } = chosenDetector(stored, options.detector);
  const graph = classifierGraph(classifier, 1);
  const [logits, features] = [graph.outputs.get("logits"), graph.outputs.get("features")];
  if (!logits || !features) throw oalError("OAL-X101", { problem: "a classifier graph has no outputs" });
  const fitted = await fittedTensors(folder, detector.id);
  graph.output("score", attachDetector(detector, { logits, features }, fitted, parameters));
  const session = await compile(graph, options.threads ? { threads: options.threads } : {});
  const threshold = options.threshold ?? calibrated.value;
  const results: ScoredImage[] = [];
  let bad = 0;
  try {
    for (const picture of pictures) {
      const { path } = picture;
      options.signal?.throwIfAborted();
      let planes: Uint8Array;
      try {
        const image = await decodeImage(await readPicture(picture), path);
        planes = new Uint8Array(3 * stored.size * stored.size);
        toPlanes(
          preprocessImage(image, { resize: stored.size, crop: stored.size, interpolation: "bilinear" }),
          planes,
        );
      } catch (error) {
        if (!(error instanceof OalError) || ++bad > (options.skipBad ?? 0)) throw error;
        options.onSkipped?.(path, error.message);
        continue;
      }
      const outputs = await session.run({ images: uint8Tensor([1, 3, stored.size, stored.size], planes) });
      const values = outputs["logits"] ? float32Data(outputs["logits"]) : new Float32Array();
      const score = outputs["score"] ? (float32Data(outputs["score"])[0] ?? Number.NaN) : Number.NaN;
      const best = values.reduce(
        (top, value, index) => (value > (values[top] ?? -Infinity) ? index : top),
        0,
      );
      const confidence = 1 / values.reduce((sum, value) => sum + Math.exp(value - (values[best] ?? 0)), 0);
      results.push({
        path,
        label: classifier.classNames[best] ?? String(best),
        confidence,
        known: score >= threshold,
        score,
        threshold,
        detector: detector.id,
      });
    }
  } finally {
    await session.release();
  }
  return results;
}
