/** Runs detectors over stored outputs: fit on the ID sets, then one session per detector in batches of fixed size. */
import {
  detectorGraph,
  float32Data,
  memoryRows,
  oalError,
  OalError,
  resolveParameters,
  storedStreams,
  type Detector,
  type Engine,
  type FittedDetector,
  type Session,
  type StoredOutputs,
  type Tensor,
} from "oal-core";
import type { ModelScores, OutputSet, SetScores } from "./result.js";

/** Rows per run of a score session. */
const ROWS = 256;

/** Sizes that all sets of a model share. */
export interface OutputSizes {
  readonly classes: number;
  readonly featureSize: number;
}

/**
 * Numbers of classes and features, from the arrays' lengths.
 *
 * @throws OAL-E104 when a set's arrays do not have the same number of rows as its labels, OAL-E207 when two sets have one name
 */
export function outputSizes(sets: readonly OutputSet[]): OutputSizes {
  const first = sets.find((set) => set.labels.length > 0);
  const rows = first?.labels.length ?? 1;
  const classes = (first?.logits.length ?? 0) / rows;
  const featureSize = (first?.features.length ?? 0) / rows;
  const names = new Set<string>();
  for (const { name, labels, ids, logits, features } of sets) {
    if (names.has(name)) throw oalError("OAL-E207", { name });
    names.add(name);
    const n = labels.length;
    const expected = `${n} ids, ${n * classes} logits, ${n * featureSize} feature values`;
    const found = `${ids.length} ids, ${logits.length} logits, ${features.length} feature values`;
    if (expected !== found) throw oalError("OAL-E104", { what: `set ${name}`, expected, found });
  }
  return { classes, featureSize };
}

/**
 * Fits detectors on the ID sets they ask for. Detectors that cannot be fitted are left out with a warning.
 *
 * @param chosen  detectors in table order
 * @param sets  a model's outputs
 * @param parameters  hyper-parameters by detector id
 * @returns fitted detectors, and one sentence per detector left out or default lowered
 * @throws OAL-E202 for a bad hyper-parameter; the last reason (OAL-E203, OAL-E204) when no detector is left
 */
export async function fitDetectors(
  chosen: readonly Detector[],
  sets: readonly OutputSet[],
  parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Promise<{ fitted: FittedDetector[]; warnings: string[] }> {
  const sizes = outputSizes(sets);
  const streams = storedStreams({
    train: storedOf(sets, "train", sizes),
    validation: storedOf(sets, "validation", sizes),
  });
  const fitted: FittedDetector[] = [];
  const warnings: string[] = [];
  let reason: unknown;
  for (const detector of chosen) {
    const given = parameters[detector.id] ?? {};
    const lowered = loweredDefaults(detector, given, sets);
    for (const [name, { value, smallest }] of Object.entries(lowered)) {
      const usual = String(detector.parameters[name]?.default);
      const why = `the smallest class has ${smallest} images to fit on`;
      warnings.push(`${detector.id}: ${name} is ${value} instead of ${usual}, because ${why}`);
    }
    const own = Object.fromEntries(Object.entries(lowered).map(([name, { value }]) => [name, value]));
    const values = resolveParameters(detector.id, detector.parameters, { ...own, ...given });
    try {
      fitted.push({ detector, parameters: values, fitted: await detector.fit(streams, values) });
    } catch (error) {
      if (!(error instanceof OalError) || !["OAL-E203", "OAL-E204"].includes(error.code)) throw error;
      reason = error;
      warnings.push(`${error.message}; it is left out`);
    }
  }
  if (fitted.length === 0 && reason !== undefined) throw reason;
  return { fitted, warnings };
}

/** The outputs of an ID set as a fit reads them. */
function storedOf(
  sets: readonly OutputSet[],
  group: "train" | "validation",
  { classes, featureSize }: OutputSizes,
): StoredOutputs | undefined {
  const set = sets.find((each) => each.group === group);
  if (!set || set.labels.length === 0) return undefined;
  const { labels, logits, features } = set;
  return { labels, logits: memoryRows(logits, classes), features: memoryRows(features, featureSize) };
}

/** Defaults above their share of the smallest class, unless a value is given. */
function loweredDefaults(
  detector: Detector,
  given: Readonly<Record<string, unknown>>,
  sets: readonly OutputSet[],
): Record<string, { value: number; smallest: number }> {
  const on = detector.fitOn(given);
  const labels = sets.find((set) => set.group === on)?.labels ?? [];
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? -1;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const smallest = Math.min(...counts.values());
  const lowered: Record<string, { value: number; smallest: number }> = {};
  for (const [name, spec] of Object.entries(detector.parameters)) {
    if (spec.classShare === undefined || name in given || counts.size === 0) continue;
    const value = Math.max(1, Math.floor(spec.classShare * smallest));
    if (typeof spec.default === "number" && value < spec.default) lowered[name] = { value, smallest };
  }
  return lowered;
}

/** Arg-max class of each row, first maximum. @param logits  [n, classes] flat */
export function predictions(logits: Float32Array, classes: number): Int32Array {
  const result = new Int32Array(classes > 0 ? logits.length / classes : 0);
  for (let i = 0; i < result.length; i++) {
    let best = 0;
    for (let j = 1; j < classes; j++) {
      if ((logits[i * classes + j] ?? 0) > (logits[i * classes + best] ?? 0)) best = j;
    }
    result[i] = best;
  }
  return result;
}

/**
 * Scores every set but the training set with every fitted detector.
 *
 * @param engine  computes them
 * @param model,seed  names the scores
 * @param sets  the model's outputs
 * @param fitted  from `fitDetectors`
 */
export async function scoreSets(
  engine: Engine,
  model: string,
  seed: number,
  sets: readonly OutputSet[],
  fitted: readonly FittedDetector[],
): Promise<ModelScores> {
  const sizes = outputSizes(sets);
  const scored = sets.filter((set) => set.group !== "train");
  const confidence = scored.map((): Record<string, Float32Array> => ({}));
  for (const { detector, parameters, fitted: kept } of fitted) {
    const session = await engine.compile(detectorGraph(detector, { rows: ROWS, ...sizes }, kept, parameters));
    try {
      for (const [k, set] of scored.entries()) {
        const target = confidence[k];
        if (target !== undefined) target[detector.id] = await scoreSet(session, set, sizes);
      }
    } finally {
      await session.release();
    }
  }
  return {
    model,
    seed,
    detectors: fitted.map(({ detector }) => detector.id),
    sets: scored.map((set, k): SetScores => ({
      name: set.name,
      group: set.group,
      ids: set.ids,
      labels:
        set.group === "near" || set.group === "far" ? new Int32Array(set.labels.length).fill(-1) : set.labels,
      predictions: predictions(set.logits, sizes.classes),
      confidence: confidence[k] ?? {},
    })),
  };
}

async function scoreSet(
  session: Session,
  set: OutputSet,
  { classes, featureSize }: OutputSizes,
): Promise<Float32Array> {
  const count = set.labels.length;
  const result = new Float32Array(count);
  for (let start = 0; start < count; start += ROWS) {
    const end = Math.min(start + ROWS, count);
    const block = (data: Float32Array, width: number): Tensor => {
      const part = new Float32Array(ROWS * width); // the last batch is filled up with zeros
      part.set(data.subarray(start * width, end * width));
      return { dtype: "float32", shape: [ROWS, width], data: part };
    };
    const { confidence } = await session.run({
      logits: block(set.logits, classes),
      features: block(set.features, featureSize),
    });
    if (confidence === undefined) throw oalError("OAL-X101", { problem: "a score graph without confidence" });
    result.set(float32Data(confidence, "confidence").subarray(0, end - start), start);
  }
  return result;
}
