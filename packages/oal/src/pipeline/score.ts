/** Scoring single pictures with a trained model and the detectors stored beside it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import {
  attachDetector,
  exposeTaps,
  detectors,
  float32Data,
  memoryRows,
  oalError,
  OalError,
  preprocessImage,
  toPlanes,
  uint8Tensor,
  type Detector,
  type Fitted,
} from "oal-core";
import type { z } from "zod";
import { type DecodeOptions, decodeImage } from "../data/decode.js";
import { readSafetensors } from "../nn/safetensors.js";
import { cpuEngine } from "../runtime/engines/index.js";
import { buildClassifier } from "../training/model.js";
import { picturesIn, readPicture, type PictureFile } from "./pictureFiles.js";
import { changedFiles } from "./publishedFiles.js";
import { readRunManifest, shownRecord } from "./runFolder.js";
import { refuseOtherFormat } from "./runFormat.js";
import type { ImageResult, ScoredImage, ScoreEachOptions, ScoreOptions } from "./runTypes.js";
import { loadClassifier } from "./stages/classifierArtifact.js";
import { evaluationFiles } from "./stages/evaluationArtifact.js";
import { modelFiles, storedDetectorsSchema } from "./stages/evaluationModel.js";

/**
 * The folder of a model: the folder itself, or the model that decides in a run folder, as its run.json names it.
 *
 * @throws OAL-I104 for a run of another version, OAL-I121 where no run has finished and no model lies
 */
export function modelFolderOf(path: string): string {
  refuseOtherFormat(path);
  const manifest = readRunManifest(path);
  const record = manifest && shownRecord(manifest);
  const folders = [path, ...(record ? [join(path, "models", record.decides)] : [])];
  const found = folders.find((folder) => modelFiles.every((name) => existsSync(join(folder, name))));
  if (found === undefined) throw oalError("OAL-I121", { path });
  return found;
}

/** @throws OAL-I103 when a file of a run's model is not what the run left; a model folder alone has no record to compare with */
async function refuseDamaged(run: string, folder: string): Promise<void> {
  const manifest = run === folder ? null : readRunManifest(run);
  const published = (manifest && shownRecord(manifest))?.published ?? {};
  const prefix = `${relative(run, folder).split(sep).join("/")}/`;
  const own = Object.fromEntries(Object.entries(published).filter(([name]) => name.startsWith(prefix)));
  const [changed] = await changedFiles(run, own);
  if (changed === undefined) return;
  const problem =
    "it is missing or has changed since the run ended; oal report with the run folder copies it again";
  throw oalError("OAL-I103", { path: join(run, changed), problem });
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
  const detector = detectors.find(asked ?? stored.default);
  const found = stored.detectors[detector.id];
  if (found) return { detector, ...found };
  const known = Object.keys(stored.detectors).join(", ");
  throw oalError("OAL-C202", {
    where: "oal score",
    at: "--detector",
    problem: `the model was evaluated with ${known} only; ${detector.id} must be in evaluation.detectors of its run`,
  });
}

async function fittedOf(folder: string, detector: string): Promise<Fitted> {
  const { tensors } = await readSafetensors(join(folder, evaluationFiles.fitted));
  const prefix = `${detector}/`;
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  const { bank, ...rest } = Object.fromEntries(
    own.map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
  return { tensors: rest, bank: bank ? memoryRows(float32Data(bank), bank.shape[1] ?? 1) : null };
}

/** A model made ready: pixels in, logits and the chosen detector's score out. */
interface OpenModel {
  readonly classNames: readonly string[];
  /** Side of the model's images, in pixels. */
  readonly size: number;
  /** How its training images were decoded. */
  readonly decoding: DecodeOptions;
  readonly detector: string;
  readonly threshold: number;
  /** One picture, uint8 planes [3, size, size]. */
  run(planes: Uint8Array): Promise<{ readonly logits: Float32Array; readonly score: number }>;
  release(): Promise<void>;
}

async function openModel(model: string, options: ScoreOptions): Promise<OpenModel> {
  const folder = modelFolderOf(model);
  await refuseDamaged(model, folder);
  const classifier = await loadClassifier(folder);
  const stored = await readDetectors(folder);
  const { detector, parameters, decision } = chosenDetector(stored, options.detector);
  const built = buildClassifier(classifier, 1);
  const graph = exposeTaps(built, ["logits"]);
  const fitted = await fittedOf(folder, detector.id);
  graph.output("score", attachDetector(detector, built.taps, fitted, parameters));
  const engine = await cpuEngine({ threads: options.threads ?? 0 });
  const session = await engine.compile(graph);
  const { size, orientation, maxPixels } = stored;
  return {
    classNames: classifier.classNames,
    size,
    decoding: { orientation, maxPixels },
    detector: detector.id,
    threshold: options.threshold ?? decision.cuts.unknown,
    async run(planes) {
      const outputs = await session.run({ images: uint8Tensor([1, 3, size, size], planes) });
      return {
        logits: outputs["logits"] ? float32Data(outputs["logits"]) : new Float32Array(),
        score: outputs["score"] ? (float32Data(outputs["score"])[0] ?? Number.NaN) : Number.NaN,
      };
    },
    release: () => session.release(),
  };
}

/** The picture as the model takes it. @throws OalError why it cannot be read */
async function planesOf(picture: PictureFile, { size, decoding }: OpenModel): Promise<Uint8Array> {
  const image = await decodeImage(await readPicture(picture), picture.path, decoding);
  const planes = new Uint8Array(3 * size * size);
  toPlanes(preprocessImage(image, { resize: size, crop: size, interpolation: "bilinear" }), planes);
  return planes;
}

/**
 * Label, confidence and "known or unknown" for pictures of any size, one after the other: every picture gives a result, an
 * unreadable one too.
 *
 * @param model a run folder, or a model folder inside it (models/<method>)
 * @param paths pictures or folders of pictures; a folder without pictures gives one result, that it has none
 * @throws OAL-D101, OAL-D121 (a folder cannot be read), OAL-I121 (no model there), before the first result
 */
export async function* scoreEach(
  model: string,
  paths: readonly string[],
  options: ScoreEachOptions = {},
): AsyncGenerator<ImageResult, void, undefined> {
  const { pictures, skipped } = await picturesIn(paths);
  options.signal?.throwIfAborted();
  const opened = await openModel(model, options);
  try {
    options.onFound?.({ pictures: pictures.length, skipped });
    for (const picture of pictures) {
      options.signal?.throwIfAborted();
      yield await resultOf(picture, opened);
    }
  } finally {
    await opened.release();
  }
}

async function resultOf(picture: PictureFile, model: OpenModel): Promise<ImageResult> {
  const { path } = picture;
  let planes: Uint8Array;
  try {
    planes = await planesOf(picture, model);
  } catch (error) {
    if (!(error instanceof OalError)) throw error;
    return { path, error };
  }
  const { logits, score } = await model.run(planes);
  const best = logits.reduce((top, value, index) => (value > (logits[top] ?? -Infinity) ? index : top), 0);
  const confidence = 1 / logits.reduce((sum, value) => sum + Math.exp(value - (logits[best] ?? 0)), 0);
  const { classNames, threshold, detector } = model;
  const label = classNames[best] ?? String(best);
  return { path, label, confidence, known: score >= threshold, score, threshold, detector };
}

/**
 * `scoreEach` as a list, for who wants pictures that are all readable.
 *
 * @param model a run folder, or a model folder inside it (models/<method>)
 * @param paths pictures or folders of pictures
 * @throws OAL-D101, OAL-D121, OAL-I121 (no model there), OAL-D102 (an unreadable picture beyond `skipBad`), OAL-D103 (a folder
 *   without pictures)
 */
export async function scoreImages(
  model: string,
  paths: readonly string[],
  { skipBad = 0, onSkipped, ...options }: ScoreOptions = {},
): Promise<ScoredImage[]> {
  const results: ScoredImage[] = [];
  let bad = 0;
  for await (const result of scoreEach(model, paths, options)) {
    if (!("error" in result)) results.push(result);
    else if (++bad > skipBad) throw result.error;
    else onSkipped?.(result.path, result.error.message);
  }
  return results;
}
