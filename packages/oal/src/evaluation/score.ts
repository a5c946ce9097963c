/** Scores every image with fitted detectors: over stored outputs, inside the model, or against a bank. */
import {
  areStored,
  detectorGraph,
  oalError,
  OalError,
  type Engine,
  type FitHead,
  type FittedDetector,
  type Session,
} from "oal-core";
import { compareWithBank, type BankMemory } from "./bankScore.js";
import { isUnfit } from "./fit.js";
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
  /** The errors of one detector that do not end the scoring of others. Default: see `isUnfit`. */
  readonly isOwn?: ((error: unknown) => error is OalError) | undefined;
  /** Sets, by name, whose images may be without a score: NaN stays there. Default: none. */
  readonly mayLack?: ReadonlySet<string> | undefined;
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
  const without = imageWithout(fitted, scores, sets, ground);
  if (without) throw without;
  return scores;
}

/** Detectors whose scores one graph computes where they run inside the model. */
const together = 18;

/**
 * Confidences of several detectors, or of one with several parameters. Those that run inside the model share a pass of it, and whatever
 * else they have in common: an engine computes equal nodes once.
 *
 * @returns by detector, one float32 array per set, or why there is none
 */
export async function scoreTogether(
  fitted: readonly FittedDetector[],
  sets: readonly OutputSet[],
  ground: ScoreGround,
): Promise<(readonly Float32Array[] | OalError)[]> {
  const { engine, model, onBatch = () => undefined, isOwn = isUnfit } = ground;
  const orReason = async <T>(work: () => Promise<T>): Promise<T | OalError> => {
    try {
      return await work();
    } catch (error) {
      if (isOwn(error)) return error;
      throw error;
    }
  };
  const results: (readonly Float32Array[] | OalError)[] = [];
  const inside = fitted.filter(({ detector }) => model && !areStored(detector.needs));
  const scored = new Map<FittedDetector, readonly Float32Array[] | OalError>();
  for (let start = 0; model && start < inside.length; start += together) {
    const part = inside.slice(start, start + together);
    const scores = await orReason(() => scoreInModel(engine, model, part, sets, onBatch));
    // what one of them refuses says nothing of the others: each is then asked by itself
    if (!(scores instanceof OalError)) part.forEach((each, k) => scored.set(each, scores[k] ?? []));
    else if (part.length === 1) part.forEach((each) => scored.set(each, scores));
  }
  for (const each of fitted) {
    const own = scored.get(each) ?? (await orReason(() => confidencesOfSets(each, sets, ground)));
    results.push(own instanceof OalError ? own : (imageWithout(each, own, sets, ground) ?? own));
  }
  return results;
}

/** The first image that a detector gives no number and that must have one. */
function imageWithout(
  { detector }: FittedDetector,
  scores: readonly Float32Array[],
  sets: readonly OutputSet[],
  { mayLack }: ScoreGround,
): OalError | undefined {
  for (const [k, own] of scores.entries()) {
    const { name = "", ids = [] } = sets[k] ?? {};
    const image = mayLack?.has(name) ? -1 : own.findIndex(Number.isNaN);
    if (image >= 0)
      return oalError("OAL-E295", { detector: detector.id, set: name, image: ids[image] ?? String(image) });
  }
  return undefined;
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
    const [own = []] = await scoreInModel(engine, model, [fitted], sets, onBatch);
    return own;
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

/** Detectors as parts of the model's graph: images in. One array per detector and set. */
async function scoreInModel(
  engine: Engine,
  model: ModelSource,
  fitted: readonly FittedDetector[],
  sets: readonly OutputSet[],
  onBatch: () => void,
): Promise<Float32Array[][]> {
  const { graph, taps } = model.build(model.batch);
  const names = fitted.map(({ detector, fitted: kept, parameters }, k) => {
    const name = `confidence ${k}`;
    graph.output(name, detector.score(graph, taps, kept, parameters));
    return name;
  });
  const session = await engine.compile(graph);
  try {
    const scores = fitted.map((): Float32Array[] => []);
    for (const set of sets) {
      const results = fitted.map(() => new Float32Array(set.labels.length));
      for await (const { start, outputs } of runOverImages(session, model, set)) {
        onBatch();
        results.forEach((result, k) => result.set(outputs[names[k] ?? ""]?.data ?? [], start));
      }
      results.forEach((result, k) => scores[k]?.push(result));
    }
    return scores;
  } finally {
    await session.release();
  }
}
