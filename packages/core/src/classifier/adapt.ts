/** A model of someone else as a {@link Classifier}: 8-bit pictures in, the taps of its graph named. */
import { expectArguments, isOalError, kinds, oalError } from "../errors/index.js";
import { concat, mul, reduceMean, reshape } from "../graph/index.js";
import { inline } from "../graph/inline.js";
import type { ReadModel } from "../graph/onnx/read.js";
import { Graph, type Value } from "../graph/value.js";
import { aNormalisation } from "../preprocess/normalise.js";
import { aReadModel } from "./examine.js";
import type { ModelFacts } from "./facts.js";
import { asFloat32, foreignHead } from "./head.js";
import { modelInput, type PixelNormalisation } from "./pixels.js";
import type { Classifier } from "./taps.js";
import { inferenceForm } from "./inferenceForm.js";
import { preprocessingBehind } from "./innerPreprocessing.js";
import { headOf, traceModel, type TracedModel } from "./trace.js";
import { readersOf } from "./walk.js";
import { addedBatch, batchAxis, batchName, cannotWiden, widening } from "./widen.js";

/** A foreign model as a classifier. */
export interface AdaptedClassifier extends Classifier {
  /** What the file's own input is fed with: the pictures in its layout and element type, with a batch axis in front. */
  readonly fed: Value;
}

const someFacts = kinds.fields({ input: kinds.record, hints: kinds.record });

/**
 * A foreign model as a classifier. Its graph takes `images`, uint8 [batch, 3, H, W] of RGB, normalises them, brings them into the model's
 * layout and element type, and goes on with the model's own nodes; constants keep the file's names. No outputs are marked.
 *
 * A file in training form is brought to inference form: batch normalisation by the statistics that it keeps.
 *
 * Taps: `logits` are the inner value before any softmax, as rows; `features` and `head` are there where they were found, and then
 * head.apply(features) = logits; `maps` are those of the facts, `heads` those that the hints name. For a feature extractor (`facts.logits` is null) the features stand in
 * for the logits, until it is given a head.
 *
 * @param facts of the same model, from `examineModel`
 * @param normalisation mean and deviation of pixels in 0..1; a file that takes 8-bit pixels does without
 * @throws OAL-I150 where the size of pictures is open: read the model with `sizes`, OAL-I153 where a file for a fixed number of pictures
 *   cannot take any number
 * @example const { graph, taps } = adaptClassifier(model, examineModel(model), normalisations.imagenet);
 */
export function adaptClassifier(
  model: ReadModel,
  facts: ModelFacts,
  normalisation: PixelNormalisation,
): AdaptedClassifier {
  expectArguments("adaptClassifier", {
    model: [model, aReadModel],
    facts: [facts, someFacts],
    normalisation: [normalisation, aNormalisation],
  });
  const traced = traceModel(model, facts.hints);
  const { height, width, batch } = facts.input;
  if (height === null || width === null)
    throw oalError("OAL-I150", { problem: "the file leaves the size of pictures open, and none was given" });
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: [batchName, 3, height, width] });
  const { pixels, input: normalised } = modelInput(images, facts.input, normalisation);
  const copies = copied(model, traced, graph, pixels, batch);
  const of = (value: Value): Value => copies.get(value) ?? value;
  const { tail } = traced;
  const input = normalised ?? innerInput(model, traced, of);
  const features = traced.features && featuresOf(traced.features, of, batch);
  const isBinary = tail?.classes === 1;
  const scores = tail && rows(of(tail.logits), tail.classes, batch);
  const logits = scores && isBinary ? concat([mul(scores, 0), scores], 1) : (scores ?? features);
  if (!logits) throw oalError("OAL-X101", { problem: "a model without class scores and without features" });
  const layer = headOf(traced);
  const heads = new Map(
    [...traced.heads].map(([name, head]): [string, Value] => [name, asFloat32(of(head))]),
  );
  const maps = new Map(
    traced.maps.flatMap(({ name, at }): [string, Value][] => {
      const map = of(at);
      return batchAxis(map) === 0 ? [[name, map]] : [];
    }),
  );
  return {
    graph,
    fed: pixels,
    taps: {
      images,
      ...(input ? { input } : {}),
      logits,
      ...(features ? { features } : {}),
      ...(layer && tail && features
        ? { head: foreignHead(graph, layer, tail.steps, { classes: tail.classes, isBinary, of }) }
        : {}),
      maps,
      ...(heads.size > 0 ? { heads } : {}),
    },
  };
}

/** The pictures as the first layer takes them, where the file brings bytes to that itself: float32 [batch, 3, H, W]; null where not seen. */
function innerInput(
  { graph }: ReadModel,
  { input, statics }: TracedModel,
  of: (value: Value) => Value,
): Value | null {
  const { end } = preprocessingBehind(input.value, input.facts.channels, readersOf(graph), statics);
  const found = of(end);
  const isPictures = found.graph !== graph && found.knownType?.dtype === "float32" && found.rank === 4;
  return isPictures && found.dims[1] === input.facts.channels ? found : null;
}

/** Names that outputs of classifiers and bundles have; values of a file that are called so get another name. */
const keptNames = /^(images|logits|features|label|probabilities|(score|pValue|known|ask)(\..*)?|maps\..*)$/;

function copied(
  model: ReadModel,
  { input, tail, features, maps, heads, statics }: TracedModel,
  graph: Graph,
  pixels: Value,
  batch: number | null,
): ReadonlyMap<Value, Value> {
  const substitutes =
    batch === 0 ? addedBatch({ input: input.value, statics }, pixels) : new Map([[input.value, pixels]]);
  const head = tail?.layer;
  const wanted = [
    ...(tail ? [tail.logits, ...tail.steps.map(({ operand }) => operand)] : []),
    ...(features ? [features.value] : []),
    ...(head ? [head.weight, ...(head.bias ? [head.bias] : [])] : []),
    ...maps.map(({ at }) => at),
    ...heads.values(),
  ];
  const isKept = (name: string): boolean =>
    keptNames.test(name) || (name.startsWith("heads.") && heads.has(name.slice("heads.".length)));
  const fixed = batch === null ? null : Math.max(1, batch);
  const widened = fixed === null ? () => null : widening(fixed);
  try {
    return inline(graph, model.graph, substitutes, {
      wanted,
      rename: (name) => (isKept(name) ? `model/${name}` : name),
      build: (node, inputs, names) => inferenceForm(node, inputs, names) ?? widened(node, inputs, names),
    });
  } catch (error) {
    if (!isOalError(error) || error.code !== "OAL-G101" || fixed === null) throw error;
    throw oalError("OAL-I153", { count: fixed, node: error.message }, error);
  }
}

/** A value as rows float32 [batch, width]. */
function rows(value: Value, width: number, batch: number | null): Value {
  if (batchAxis(value) < 0 && batch !== null) throw cannotWiden(value.node, Math.max(1, batch));
  const [first] = value.dims;
  const isRows = value.rank === 2 && value.dims[1] === width;
  return asFloat32(isRows || first === undefined ? value : reshape(value, [first, width]));
}

function featuresOf(
  { value, width, isMap }: NonNullable<TracedModel["features"]>,
  of: (value: Value) => Value,
  batch: number | null,
): Value {
  const found = of(value);
  return rows(isMap && found.rank === 4 ? reduceMean(asFloat32(found), [2, 3], false) : found, width, batch);
}
