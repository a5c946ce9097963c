/** A loaded model is run once: what was found in its graph must compute what the file computes. */
import { cast, Graph, oalError, runOnce, toNumbers, uint8Tensor, type Engine, type Tensor } from "oal-core";
import type { LoadedModel } from "./load.js";
import { isWeightsFile } from "./weightsModel.js";

/** Largest differences, each as a share of the largest absolute value. */
export interface TapCheck {
  /** Between the class scores and those of the last layer on the features; null without such a layer. */
  readonly head: number | null;
  /** Between a picture alone and among others. */
  readonly alone: number;
  /** Between the classifier and the file as it stands; null for weights, which do not run by themselves. */
  readonly file: number | null;
}

/**
 * Shares of the largest value: float32 summed in another order stays far below the first; a file of 16-bit floats, or one that rounds its
 * class scores to 8 bits, below the second.
 */
const tolerance = { single: 1e-4, coarse: 3e-2 } as const;

/**
 * Runs a model on drawn pictures: as a classifier, with the last layer on the features, one picture alone, and as the file stands.
 *
 * @throws OAL-I152 naming what differs, the engine's errors when it cannot run the model
 */
export async function checkTaps(model: LoadedModel, engine: Engine): Promise<TapCheck> {
  const classifier = model.classifier();
  const { graph, fed, taps } = classifier;
  const { head, features } = taps;
  graph.output("logits", taps.logits);
  graph.output("check.fed", fed);
  if (head && features) graph.output("check.head", head.apply(features));
  const { batch } = model.facts.input;
  const count = batch === null ? 2 : Math.max(1, batch);
  const images = drawn(count, model.preprocessing.crop);
  // Each graph runs twice at most: preparing it well would take longer than computing it.
  const session = await engine.compile(graph, { optimization: "disabled" });
  try {
    const outputs = await session.run({ images });
    const one = await session.run({ images: firstOf(images) });
    const logits = needed(outputs, "logits");
    const again = outputs["check.head"];
    const fail = (what: string, difference: number, allowed: number = tolerance.single): never => {
      throw oalError("OAL-I152", { path: model.path, what, difference, allowed });
    };
    const check = {
      head: again ? gap(toNumbers(logits), toNumbers(again)) : null,
      alone: gap(toNumbers(firstOf(logits)), toNumbers(needed(one, "logits")), largest(toNumbers(logits))),
      file: isWeightsFile(model.path)
        ? null
        : await fileGap(model, engine, needed(outputs, "check.fed"), logits),
    };
    if (check.head !== null && !(check.head <= tolerance.single))
      fail("the class scores and the last layer on the features", check.head);
    if (!(check.alone <= tolerance.single))
      fail("the class scores of a picture alone and among others", check.alone);
    const isCoarse = model.isHalf || model.facts.operators.some(({ type }) => /Quantize|QLinear/.test(type));
    const ofFile = isCoarse ? tolerance.coarse : tolerance.single;
    if (check.file !== null && !(check.file <= ofFile))
      fail("the class scores that were found and what the file puts out", check.file, ofFile);
    return check;
  } finally {
    await session.release();
  }
}

/** Runs the file itself on what its input is fed with. */
async function fileGap(
  { path, facts }: LoadedModel,
  engine: Engine,
  fed: Tensor,
  logits: Tensor,
): Promise<number> {
  const { input, logits: found, features } = facts;
  const output = found?.output ?? features?.value ?? "";
  // A file in training form answers by the statistics of the batch, as no classifier should.
  if (facts.isTrainingForm) return 0;
  const session = await engine.open(path, { optimization: "basic" });
  try {
    if (!session.outputs.some(({ name }) => name === output)) return 0;
    const shape = input.batch === 0 ? fed.shape.slice(1) : fed.shape;
    const isHalf = session.inputs.some(({ name, dtype }) => name === input.name && dtype === "float16");
    const feed = { ...(isHalf ? await asHalves(fed, engine) : fed), shape };
    const outputs = await session.run({ [input.name]: feed });
    const own = toNumbers(needed(outputs, output));
    const scores = toNumbers(logits);
    const width = scores.length / (logits.shape[0] ?? 1);
    if (own.length * width === scores.length) return labelGap(scores, width, own);
    const forms = found?.activation === null ? [scores] : activated(scores, width);
    return Math.min(...forms.map((form) => gap(own, form)));
  } finally {
    await session.release();
  }
}

async function asHalves(tensor: Tensor, engine: Engine): Promise<Tensor> {
  const graph = new Graph();
  graph.output("halves", cast(graph.input("x", tensor), "float16"));
  return needed(await runOnce(engine, graph, { x: tensor }), "halves");
}

/** Where the file puts out one number a picture: the largest score's index, or the probability of the second of two classes. */
function labelGap(scores: readonly number[], width: number, own: readonly number[]): number {
  const rows = own.map((_, row) => scores.slice(row * width, (row + 1) * width));
  const second = rows.map((row) => 1 / (1 + Math.exp((row[0] ?? 0) - (row[1] ?? 0))));
  const isLabel = rows.every((row, index) => row.indexOf(Math.max(...row)) === own[index]);
  return isLabel ? 0 : gap(own, second);
}

/** What softmax, its logarithm, and sigmoid make of scores. */
function activated(scores: readonly number[], width: number): number[][] {
  const softmax = scores.map((score, index) => {
    const start = index - (index % width);
    const row = scores.slice(start, start + width);
    const most = Math.max(...row);
    return Math.exp(score - most) / row.reduce((sum, value) => sum + Math.exp(value - most), 0);
  });
  return [softmax, softmax.map(Math.log), scores.map((score) => 1 / (1 + Math.exp(-score))), [...scores]];
}

function gap(a: readonly number[], b: readonly number[], scale = largest(a)): number {
  if (a.length !== b.length) return Infinity;
  const most = a.reduce((worst, value, index) => {
    const distance = Math.abs(value - (b[index] ?? NaN));
    return distance <= worst ? worst : distance; // NaN stays
  }, 0);
  return most === 0 ? 0 : most / Math.max(scale, 1e-30);
}

const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function needed(outputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = outputs[name];
  if (found) return found;
  throw oalError("OAL-X101", { problem: `a session without the output ${name}` });
}

function firstOf(tensor: Tensor): Tensor {
  const [count = 1, ...rest] = tensor.shape;
  return { ...tensor, shape: [1, ...rest], data: tensor.data.slice(0, tensor.data.length / count) };
}

/** Pictures of soft blobs, another in each: noise alone would look the same everywhere to a network that averages. */
function drawn(count: number, side: number): Tensor {
  const plane = side * side;
  const pixels = Uint8Array.from({ length: count * 3 * plane }, (_, index) => {
    const [picture, place] = [Math.floor(index / (3 * plane)), index % (3 * plane)];
    const [channel, at] = [Math.floor(place / plane), place % plane];
    const [y, x] = [Math.floor(at / side) / side, (at % side) / side];
    const wave = Math.sin((5 + picture) * x + channel) * Math.cos((3 + 2 * picture) * y - channel);
    return Math.round(127.5 + 110 * wave);
  });
  return uint8Tensor([count, 3, side, side], pixels);
}
