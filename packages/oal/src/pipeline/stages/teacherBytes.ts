/** The teacher's network in numbers of 8 bits, where its decisions stay. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exposeTaps, isOalError, memoryRows, uint8Tensor, type Engine, type Graph } from "oal-core";
import { spacedPositions } from "../../data/badImages.js";
import type { ImageSet } from "../../data/imageSet.js";
import { resizePictures } from "../../data/resizePictures.js";
import { predictions } from "../../evaluation/outputs.js";
import { quantise, type Feeds } from "../../exporting/quantise.js";
import { readModelFile, writeModelFile } from "../../runtime/modelFile.js";
import { passRows } from "../../runtime/passRows.js";
import { buildClassifier, type ClassifierModel } from "../../training/model.js";
import { Predictor } from "../../training/predict.js";
import { loadClassifier } from "./classifierArtifact.js";
import { knownForTeacher } from "./teacherViews.js";
import type { StageJob } from "../plan/stage.js";

/** The network with 8 bits in a teacher's artifact; absent where there is none. */
const bytesFile = "bytes.onnx";
/** Training pictures that ranges are chosen on, and how many go through at once. */
const [calibrating, atOnce] = [64, 8];
/** Share of decisions that has to stay. */
const stays = 0.99;

/**
 * Writes the network with 8 bits beside the teacher's, where it decides as before on validation pictures.
 *
 * @returns figures: share of decisions that stay, and its time as a share of the other's; none where nothing can be computed with 8 bits
 */
export async function writeBytes(job: StageJob): Promise<Record<string, number>> {
  const { data, folder, engine, events, config } = job;
  const { train, validation } = knownForTeacher(data);
  const model = await loadClassifier(folder);
  const size = model.network.options.imageSize;
  const whole = exposeTaps(buildClassifier(model, "batch"), ["logits", "features"]);
  let graph: Graph;
  try {
    graph = await quantise(whole, feedsOf(train, size), engine);
  } catch (error) {
    // a network without layers that 8 bits could take is no fault of whoever asked
    if (!isOalError(error, "OAL-E274")) throw error;
    events.message(`the teacher stays at 32 bits: ${error.message}`);
    return {};
  }
  const rows = passRows(config.evaluation.batchSize, size);
  const [before, after] = [
    await timed(await Predictor.create(engine, model, config.evaluation), validation),
    await timed(await Predictor.ofGraph(engine, graph, { rows }), validation),
  ];
  const same = before.predicted.filter((label, i) => label === after.predicted[i]).length;
  const share = same / validation.count;
  const ratio = after.seconds / before.seconds;
  const figures = `${same} of ${validation.count} decisions on validation pictures stay, in ${ratio.toFixed(2)} of the time`;
  if (share >= stays) await writeModelFile(join(folder, bytesFile), graph);
  events.message(
    share >= stays
      ? `the teacher is computed with 8 bits: ${figures}`
      : `the teacher stays at 32 bits: with 8 bits ${figures}`,
  );
  return { decisionsOfBytes: share, timeOfBytes: ratio };
}

/** What computes a teacher's outputs on plain pictures: with 8 bits where that was written. */
export async function teacherPredictor(
  engine: Engine,
  artifact: string,
  options: { readonly batchSize: number },
): Promise<Predictor> {
  const path = join(artifact, bytesFile);
  const model: ClassifierModel = await loadClassifier(artifact);
  if (!existsSync(path)) return Predictor.create(engine, model, options);
  const { graph } = await readModelFile(path);
  return Predictor.ofGraph(engine, graph, {
    rows: passRows(options.batchSize, model.network.options.imageSize),
  });
}

function feedsOf(set: ImageSet, size: number): Feeds {
  const positions = spacedPositions(set.count, calibrating);
  return Array.from({ length: Math.ceil(positions.length / atOnce) }, (_, batch) => {
    const rows = positions.slice(batch * atOnce, (batch + 1) * atOnce);
    const pixels = set.read(rows);
    const shown = set.height === size ? pixels : resizePictures(pixels, set.height, size);
    return { images: uint8Tensor([rows.length, 3, size, size], shown) };
  });
}

/** Classes of pictures, and how long a second pass over them took. */
async function timed(
  predictor: Predictor,
  set: ImageSet,
): Promise<{ readonly predicted: Int32Array; readonly seconds: number }> {
  try {
    const { logits, classes } = await predictor.predict(set);
    const started = performance.now();
    await predictor.predict(set);
    return { predicted: predictions(memoryRows(logits, classes)), seconds: performance.now() - started };
  } finally {
    await predictor.release();
  }
}
