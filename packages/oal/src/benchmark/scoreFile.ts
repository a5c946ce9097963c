/** One file of a model: its outputs on every set, the scores of every detector, and what is to be said of it. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { allRows, calibration, exposeTaps, oalError, tapNames, type Engine, type TapName } from "oal-core";
import type { Preprocessing } from "../bundle/facts.js";
import type { AskedDetector } from "../evaluation/asked.js";
import type { ModelSource } from "../evaluation/modelTaps.js";
import { predictions, type OutputSet } from "../evaluation/outputs.js";
import type { SetScores } from "../evaluation/result.js";
import type { LoadedModel } from "../models/load.js";
import { passRows } from "../runtime/passRows.js";
import { rangeReader } from "../training/predict.js";
import { nameOfFile, picturesNeeded, type FileOfModel, type Ground } from "./ground.js";
import { measureDetectors, stillInside, type DetectorScores, type LeftOut } from "./measure.js";
import { openModel, type OpenedModel } from "./models.js";
import { outputsFolder, outputsKey, SetOutputs, type AskedModel, type OutputWidths } from "./outputs.js";
import { withParameters } from "./parameters.js";
import type { Pace } from "./pace.js";
import { isKnown } from "./protocol.js";
import type { ModelFile } from "./result.js";
import { accuracyOf, plainTest, type ScoredSeed } from "./rows.js";
import { decodedSet, type BenchmarkSet } from "./sets.js";

/** A model ready to be asked for its outputs. */
export function askedModel(
  engine: Engine,
  loaded: LoadedModel,
): AskedModel & { readonly shows: readonly TapName[] } {
  const { facts, normalisation, preprocessing, hash, path } = loaded;
  const taps = facts.features === null ? (["logits"] as const) : (["logits", "features"] as const);
  const classifier = loaded.classifier();
  const shows = tapNames(classifier.taps);
  const graph = exposeTaps(classifier, taps);
  const width = (tap: "logits" | "features"): number => {
    const found = graph.outputs.get(tap)?.dims[1];
    if (typeof found === "number") return found;
    throw oalError("OAL-E251", { tap });
  };
  const { mean, std, order = "rgb" } = normalisation;
  const meaning = [hash, facts.logits?.value ?? null, facts.features?.value ?? null, mean, std, order];
  const widths: OutputWidths = {
    logits: width("logits"),
    features: facts.features === null ? 0 : width("features"),
  };
  let session: ReturnType<Engine["compile"]> | undefined;
  return {
    key: createHash("sha256").update(JSON.stringify(meaning)).digest("hex"),
    rule: preprocessing,
    widths,
    path,
    shows,
    session: () => (session ??= engine.compile(graph)),
  };
}

/** Outputs and scores of one file, from the cache where they are there. */
export async function scoreFile(
  ground: Ground,
  file: FileOfModel,
  place: number,
  pace: Pace,
): Promise<{
  readonly scored: ScoredSeed;
  readonly facts: ModelFile;
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly string[];
}> {
  const { options, opened, sets, cache, files } = ground;
  const { engine, load = {}, signal, search = true, onProgress, onMessage, onScores } = options;
  const model = await openModel(opened, file, sets, { engine, load, signal });
  const own = askedModel(engine, model.loaded);
  const images = sets.reduce((sum, { ids }) => sum + ids.length, 0);
  const outputs: OutputSet[] = [];
  const open: { close(): void }[] = [];
  let session: Awaited<ReturnType<AskedModel["session"]>> | undefined;
  const asked: AskedModel = {
    ...own,
    session: async () => (session ??= await own.session()),
  };
  try {
    let before = 0;
    for (const set of sets) {
      const rows = new SetOutputs(join(cache, outputsFolder), set, asked);
      const missing = set.ids.length - rows.known;
      const began = performance.now();
      const kept = await rows.obtain({
        signal,
        onWaiting: (owner) =>
          onMessage?.(
            `${nameOfFile(ground, file)}, ${set.set.name}: ${owner} is computing the same; waiting for it`,
          ),
        onProgress: (done) =>
          onProgress?.(
            "images",
            place * images + before + done,
            files.length * images,
            `${nameOfFile(ground, file)}, ${set.set.name}`,
          ),
      });
      pace.add(missing, (performance.now() - began) / 1000);
      open.push(kept);
      before += set.ids.length;
      outputs.push(outputSet(set, kept, model, opened.protocol.known));
    }
    await session?.release();
    session = undefined;
    const job = {
      engine,
      shows: own.shows,
      // which class a label stands for is no matter of the outputs: names beside the model or given with it decide
      keys: sets.map((set, k) => `${outputsKey(set, asked)} ${labelsHash(outputs[k]?.labels)}`),
      asked: withParameters(ground.asked, options.parameters, file.name, file.seed),
      search,
      cache: join(cache, "scores"),
      signal,
    };
    const inside = stillInside({ ...job, sets: outputs });
    const pictures = inside.length === 0 ? null : await picturesOf(ground, inside, asked.rule);
    const withPictures = outputs.map((set, k) => {
      const read = pictures?.get(sets[k]?.set.name ?? "");
      return read ? { ...set, images: { read } } : set;
    });
    const { measured, leftOut } = await measureDetectors({
      ...job,
      sets: withPictures,
      source: sourceOf(model.loaded),
      scratch: join(cache, "scratch"),
      onPictures: (detector, done, total) =>
        onProgress?.("inside", done, total, `${nameOfFile(ground, file)}, ${detector}`),
      onProgress: (detector, done) =>
        onProgress?.(
          "detectors",
          place * job.asked.length + done,
          files.length * job.asked.length,
          detector === "" ? nameOfFile(ground, file) : `${nameOfFile(ground, file)}, ${detector}`,
        ),
    });
    const scores = scoresOf(outputs, measured);
    const detectors = measured.map(({ detector }) => detector);
    await onScores?.(file.name, file.seed, scores, detectors);
    const facts = factsOf(model, file, outputs, scores);
    const doubts = accuracyWarnings(facts, model.classOf.length);
    return {
      scored: { seed: file.seed, sets: scores, measured },
      facts,
      leftOut,
      warnings: [...measured.flatMap((each) => each.warnings), ...doubts],
    };
  } finally {
    await session?.release();
    for (const each of open) each.close();
  }
}

function labelsHash(labels: Int32Array = new Int32Array()): string {
  const bytes = new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

/** The rows of a set as an evaluation takes them. */
function outputSet(
  { set, ids, labels }: BenchmarkSet,
  { logits, features }: Pick<OutputSet, "logits" | "features">,
  { classOf }: OpenedModel,
  known: string,
): OutputSet {
  return {
    name: set.role === "test" ? known : set.name,
    group: set.role === "shifted" ? "test" : set.role,
    ids,
    labels: isKnown(set.role) ? labels.map((label) => classOf[label] ?? -1) : labels.map(() => -1),
    logits,
    features,
  };
}

/** The pictures of the sets that detectors look at again, by name. */
async function picturesOf(
  ground: Ground,
  inside: readonly AskedDetector[],
  rule: Preprocessing,
): Promise<ReadonlyMap<string, (start: number, end: number) => Uint8Array>> {
  const { sets, options } = ground;
  const wanted = picturesNeeded(sets, inside);
  const total = wanted.reduce((sum, { ids }) => sum + ids.length, 0);
  const readers = new Map<string, (start: number, end: number) => Uint8Array>();
  let before = 0;
  for (const set of wanted) {
    const decoded = await decodedSet(set, rule, {
      signal: options.signal,
      onProgress: (done) => options.onProgress?.("pictures", before + done, total, set.set.name),
    });
    readers.set(set.set.name, rangeReader(decoded));
    before += set.ids.length;
  }
  return readers;
}

/** Pictures of 32 pixels a side that a detector looks at at once inside the model, as many as OpenOOD's loaders give. */
const insideBatch = 200;

function sourceOf(loaded: LoadedModel): ModelSource {
  const { crop } = loaded.preprocessing;
  return { batch: passRows(insideBatch, crop), size: crop, build: () => loaded.classifier() };
}

/** Scores of every set but the training set, in the protocol's order. */
function scoresOf(outputs: readonly OutputSet[], measured: readonly DetectorScores[]): SetScores[] {
  return outputs
    .filter(({ group }) => group !== "train")
    .map(({ name, group, ids, labels, logits }, k) => ({
      name,
      group,
      ids,
      labels,
      predictions: predictions(logits),
      confidence: Object.fromEntries(
        measured.map(({ detector, scores }) => [detector, scores[k] ?? new Float32Array()]),
      ),
    }));
}

function factsOf(
  { loaded, notes }: OpenedModel,
  { file, seed }: FileOfModel,
  outputs: readonly OutputSet[],
  scores: readonly SetScores[],
): ModelFile {
  const test = outputs.find(({ group }) => group === "test");
  if (!test) throw oalError("OAL-E102", { metric: "benchmark", side: "ID" });
  const ofGroup = (group: "test" | "validation"): SetScores[] => scores.filter((set) => set.group === group);
  const plain = plainTest(scores);
  return {
    seed,
    path: file,
    sha256: loaded.hash,
    accuracy: accuracyOf(ofGroup("test")) ?? 0,
    testAccuracy: accuracyOf(plain ? [plain] : []) ?? 0,
    validationAccuracy: accuracyOf(ofGroup("validation")),
    calibration: calibration(allRows(test.logits), test.labels),
    preprocessing: loaded.preprocessing,
    classes: test.logits.width,
    features: loaded.facts.features === null ? null : test.features.width,
    notes,
  };
}

/** Accuracies of a validation and a test that differ by more than this are told. */
const largestGap = 0.1;
/** Share of the way from guessing to certainty below which an accuracy is told. */
const leastSkill = 0.1;

/** What is doubtful about a model's accuracies on images that are not shifted. @param classes  of the protocol */
export function accuracyWarnings(
  { testAccuracy: accuracy, validationAccuracy }: Pick<ModelFile, "testAccuracy" | "validationAccuracy">,
  classes: number,
): string[] {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const guessing = 1 / classes;
  return [
    ...(accuracy < guessing + leastSkill * (1 - guessing)
      ? [
          `an accuracy of ${percent(accuracy)} with ${classes} classes is close to guessing: are its classes in the protocol's order, and its pictures prepared as it was trained?`,
        ]
      : []),
    ...(validationAccuracy !== null && Math.abs(accuracy - validationAccuracy) > largestGap
      ? [
          `its accuracy is ${percent(accuracy)} on the known test images and ${percent(validationAccuracy)} on the known validation images`,
        ]
      : []),
  ];
}
