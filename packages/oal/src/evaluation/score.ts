/** Scores every image with fitted detectors: over stored outputs, inside the model, or against a bank. */
import {
  areStored,
  detectorGraph,
  oalError,
  type Engine,
  type FitHead,
  type FittedDetector,
  type Session,
} from "oal-core";
import { compareWithBank, type BankMemory } from "./bankScore.js";
import { runOverImages, type ModelSource } from "./modelTaps.js";
import { confidencesOf, outputSizes, paddedRows, scoreRows, type OutputSet } from "./outputs.js";

/** What scores are computed with. */
export interface ScoreGround {
  readonly engine: Engine;
  /** For detectors that need more than stored outputs. */
  readonly model?: ModelSource | undefined;
  /** For detectors that need the last layer. */
  readonly head?: FitHead | undefined;
  /** Called before every batch; what it throws ends the scoring. */
  readonly onBatch?: (() => void) | undefined;
  /** Most bytes of a comparison with a bank. Default: see `compareWithBank`. */
  readonly bankMemory?: BankMemory | undefined;
}

/**
 * Confidences of one detector.
 *
 * @param sets  outputs of one model
 * @returns one float32 array per set
 * @throws OAL-E203 when a set or the model lacks what the detector needs, OAL-E295 for a score that is NaN
 */
export async function scoreSets(
  fitted: FittedDetector,
  sets: readonly OutputSet[],
  ground: ScoreGround,
): Promise<Float32Array[]> {
  const scores = await confidencesOfSets(fitted, sets, ground);
  scores.forEach((own, k) => {
    const image = own.findIndex(Number.isNaN);
    if (image < 0) return;
    const { name = "", ids = [] } = sets[k] ?? {};
    throw oalError("OAL-E295", {
      detector: fitted.detector.id,
      set: name,
      image: ids[image] ?? String(image),
    });
  });
  return scores;
}

async function confidencesOfSets(
  fitted: FittedDetector,
  sets: readonly OutputSet[],
  ground: ScoreGround,
): Promise<Float32Array[]> {
  const { detector, parameters, fitted: kept } = fitted;
  const { engine, model, head, bankMemory, onBatch = () => undefined } = ground;
  const sizes = { rows: scoreRows, ...outputSizes(sets) };
  if (!areStored(detector.needs)) {
    if (!model) throw oalError("OAL-E203", { detector: detector.id, needs: "the model itself" });
    return scoreInModel(engine, model, fitted, sets, onBatch);
  }
  if (kept.bank)
    return compareWithBank(engine, fitted, kept.bank, sets, { sizes, head, onBatch, memory: bankMemory });
  const session = await engine.compile(detectorGraph(detector, sizes, kept, parameters, head));
  try {
    const scores: Float32Array[] = [];
    for (const set of sets) scores.push(await scoreStored(session, set, onBatch));
    return scores;
  } finally {
    await session.release();
  }
}

async function scoreStored(
  session: Session,
  { labels, logits, features }: OutputSet,
  onBatch: () => void,
): Promise<Float32Array> {
  const count = labels.length;
  const result = new Float32Array(count);
  for (let start = 0; start < count; start += scoreRows) {
    onBatch();
    const end = Math.min(start + scoreRows, count);
    const { confidence } = await session.run({
      logits: paddedRows(logits, start, end),
      features: paddedRows(features, start, end),
    });
    result.set(confidencesOf(confidence).subarray(0, end - start), start);
  }
  return result;
}

/** The detector as part of the model's graph: images in. */
async function scoreInModel(
  engine: Engine,
  model: ModelSource,
  { detector, parameters, fitted }: FittedDetector,
  sets: readonly OutputSet[],
  onBatch: () => void,
): Promise<Float32Array[]> {
  const { graph, taps } = model.build(model.batch);
  graph.output("confidence", detector.score(graph, taps, fitted, parameters));
  const session = await engine.compile(graph);
  try {
    const scores: Float32Array[] = [];
    for (const set of sets) {
      const result = new Float32Array(set.labels.length);
      for await (const { start, outputs } of runOverImages(session, model, set)) {
        onBatch();
        result.set(outputs["confidence"]?.data ?? [], start);
      }
      scores.push(result);
    }
    return scores;
  } finally {
    await session.release();
  }
}
