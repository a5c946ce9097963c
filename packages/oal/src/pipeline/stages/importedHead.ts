/** The head that a model gets for the classes of a run: its own rows where the names match, else a logistic regression on its features. */
import {
  float32Data,
  float32Tensor,
  memoryRows,
  oalError,
  Random,
  type OalError,
  uint8Tensor,
  type Classifier,
  type Engine,
} from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import { chooseStrength } from "../../fitting/choose.js";
import { HeadFitter } from "../../fitting/head.js";
import { foldsOf } from "../../fitting/parts.js";
import type { LoadedModel } from "../../models/load.js";
import { nameOf } from "../../models/modelName.js";
import type { HeadTensors } from "../../nn/imported/index.js";
import { passRows } from "../../runtime/passRows.js";
import { Predictor } from "../../training/predict.js";
import { gatherRows } from "../../training/side/rows.js";

/** Strength of the penalty on a head's weights, where choosing it would take long: nearly the best on three splits of photos. */
const usualStrength = 3e-5;
/** Pictures up to which it is chosen by cross-validation, and in how many parts. */
const [mostChosen, folds] = [5000, 5];

/** What a head is fitted to, and with. */
export interface HeadRequest {
  /** What to call the model in messages. */
  readonly name: string;
  readonly classNames: readonly string[];
  /** The training pictures as the model takes them. */
  readonly pictures: ImageSet;
  readonly engine: Engine;
  /** Pictures of 32 pixels a side that go through at once. */
  readonly batchSize: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** A head, and where it comes from in a sentence; null: the model's own logits are those of the classes. */
export interface FoundHead {
  readonly head: HeadTensors | null;
  readonly sentence: string;
}

/** Whether a model names all classes of a run. */
export function knowsClasses({ classNames: own }: LoadedModel, classNames: readonly string[]): boolean {
  return own !== null && classNames.every((name) => own.includes(name));
}

/** Whether its logits are those of the run's classes, in their order. */
function hasExactly({ classNames: own }: LoadedModel, classNames: readonly string[]): boolean {
  return own?.length === classNames.length && classNames.every((name, i) => own[i] === name);
}

/** Why no head can be had for the classes of a run; undefined where one can. */
export function headProblem(model: LoadedModel, classNames: readonly string[]): OalError | undefined {
  const { head, features } = model.facts;
  if (features || (head && knowsClasses(model, classNames)) || hasExactly(model, classNames))
    return undefined;
  const problem = `${nameOf(model.path)} shows no features for a new head, and its classes are not those of the data`;
  return oalError("OAL-C211", { at: "model", problem });
}

/** Spread of a new head's weights, the usual one of vision transformers (the published one is not known). */
const newHeadSpread = 0.02;

/**
 * A last layer of random numbers: weights from N(0, 0.02^2), no bias.
 *
 * @throws OAL-C211 when the model shows no features
 */
export function newHead(model: LoadedModel, classes: number, seed: number): HeadTensors {
  const width = model.facts.features?.width;
  if (width === undefined) {
    const problem = `${nameOf(model.path)} shows no features for a new head`;
    throw oalError("OAL-C211", { at: "teacher.model", problem });
  }
  const values = new Random(seed, "new head").normals(0, classes * width);
  return {
    weight: float32Tensor(
      [classes, width],
      values.map((value) => newHeadSpread * value),
    ),
    bias: float32Tensor([classes], new Float32Array(classes)),
  };
}

/**
 * Finds the head for the classes of a run.
 *
 * @throws OAL-C211 when the model has other classes and shows no features
 */
export async function headFor(model: LoadedModel, request: HeadRequest): Promise<FoundHead> {
  const { name, classNames, pictures, engine, batchSize, onProgress } = request;
  const own = model.classNames;
  const classifier = model.classifier();
  const { head } = classifier.taps;
  const rows = own && classNames.map((each) => own.indexOf(each));
  if (head && rows && knowsClasses(model, classNames)) {
    const sentence = `${name} knows the ${classNames.length} classes by name: its own last layer is kept for them`;
    return { head: await rowsOfHead(classifier, rows, engine), sentence };
  }
  if (hasExactly(model, classNames)) {
    const sentence = `${name} knows exactly these ${classNames.length} classes: its logits are kept`;
    return { head: null, sentence };
  }
  const problem = headProblem(model, classNames);
  if (problem) throw problem;
  const rowsAtOnce = passRows(batchSize, classifier.taps.images.size(2));
  const predictor = await Predictor.ofClassifier(engine, classifier, { rows: rowsAtOnce });
  let fitter: HeadFitter;
  try {
    const { features: values, featureWidth } = await predictor.predict(pictures, onProgress);
    const rowsToFit = {
      features: values,
      width: featureWidth,
      labels: pictures.labels,
      classes: classNames.length,
    };
    fitter = await HeadFitter.prepare(engine, rowsToFit);
  } finally {
    await predictor.release();
  }
  try {
    const strength = await strengthFor(fitter, pictures);
    const fitted = fitter.head(await fitter.fit({ strength }));
    const why = own ? "does not know these classes by name" : "does not name its classes";
    return {
      head: fitted,
      sentence: `${name} ${why}: a new last layer was fitted to its features of ${pictures.count} training pictures`,
    };
  } finally {
    await fitter.release();
  }
}

/** The strength of the penalty on a head's weights. */
async function strengthFor(fitter: HeadFitter, { count, ids, labels }: ImageSet): Promise<number> {
  if (count > mostChosen) return usualStrength;
  const divided = ids.map((hash, i) => ({ hash, folder: labels[i] ?? -1 }));
  return (await chooseStrength(fitter, foldsOf(divided, folds, 0))).strength;
}

/** Some rows of a model's last layer. Its values are constants of the graph, whatever form the file gives them. */
async function rowsOfHead(
  { graph, taps }: Classifier,
  rows: readonly number[],
  engine: Engine,
): Promise<HeadTensors> {
  const { head, images } = taps;
  if (!head) throw oalError("OAL-X101", { problem: "a model without a last layer" });
  graph.output("weight", head.weight);
  graph.output("bias", head.bias);
  const session = await engine.compile(graph);
  try {
    const size = images.size(2);
    const none = uint8Tensor([1, 3, size, size], new Uint8Array(3 * size * size));
    const { weight, bias } = await session.run({ images: none });
    if (!weight || !bias) throw oalError("OAL-X101", { problem: "a last layer without values" });
    const width = weight.shape[1] ?? 0;
    return {
      weight: float32Tensor([rows.length, width], gatherRows(memoryRows(float32Data(weight), width), rows)),
      bias: float32Tensor([rows.length], gatherRows(memoryRows(float32Data(bias), 1), rows)),
    };
  } finally {
    await session.release();
  }
}
