/** Outliers without a model of the features: around known samples at the edge of their class, those that lie farthest from it. */
import {
  add,
  concat,
  div,
  gather,
  int64Tensor,
  float32Tensor,
  matmul,
  mul,
  neg,
  oalError,
  reduceSum,
  relu,
  reshape,
  slice,
  softplus,
  squeeze,
  stopGradient,
  swapLast,
  topK,
  type Value,
} from "oal-core";
import { z } from "zod";
import { positive, real, whole } from "../../fields.js";
import type { Context } from "../../nn/context.js";
import { linearLayer } from "../../nn/layers/linear.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { unitRows } from "../../nn/losses/unitRows.js";
import { featureQueue } from "./featureQueue.js";
import type { BatchSizes } from "./inputs.js";
import { defineMethod } from "./method.js";
import { compactness, dispersion, movedPrototypes, projected } from "./prototypes.js";

const schema = z.strictObject({
  weight: real(0.1, 0, 1000, "weight of telling known samples from outliers"),
  compactWeight: real(1, 0, 1000, "weight of the distance to the own class's direction"),
  disperseWeight: real(0.5, 0, 1000, "weight of the nearness of the classes' directions"),
  temperature: positive(0.1, 100, "what products of vectors of length 1 are divided by"),
  momentum: real(0.95, 0, 0.9999, "what is kept of a direction when a sample of its class moves it"),
  width: whole(128, 2, 8192, "width of the space that features are compared in, and of the classifier"),
  queue: whole(
    200,
    2,
    10_000,
    "newest features of every class; OpenOOD has 1,000, with k 300 and edge 200, which cost 25 times as much",
  ),
  k: whole(60, 1, 10_000, "which neighbour in the queue, itself the first, says how far out a sample is"),
  edge: whole(40, 1, 10_000, "samples of a class that are farthest out, among which the anchors are drawn"),
  anchors: whole(
    2,
    1,
    1000,
    "samples of a class, drawn among those of the edge, that outliers are made around",
  ),
  samples: whole(600, 1, 100_000, "points drawn around every anchor; all classes share the draws"),
  deviation: positive(0.1, 100, "standard deviation of the points around an anchor, in every coordinate"),
  keep: whole(200, 1, 100_000, "points of an anchor that are kept: those farthest from the class"),
  rate: positive(0.1, 1000, "learning rate of the classifier of outliers, as a factor of the student's"),
});
type Options = z.output<typeof schema>;

/** The numbers that cannot be larger than others, cut to them. */
function cut({
  queue,
  k,
  edge,
  anchors,
  samples,
  keep,
}: Options): Readonly<Record<"k" | "edge" | "anchors" | "keep", number>> {
  const outer = Math.min(edge, queue);
  return {
    k: Math.min(k, queue),
    edge: outer,
    anchors: Math.min(anchors, outer),
    keep: Math.min(keep, samples),
  };
}

/**
 * Points around anchors that lie farthest from their class: float32 [C anchors keep, D].
 *
 * @param queue float32 [C, Q, D]
 * @param chosen int64 [C, anchors], which of the edge's samples are anchors
 * @param noise float32 [samples, D], standard normal
 */
export function farthestPoints(queue: Value, chosen: Value, noise: Value, options: Options): Value {
  const [classes = 0, size = 0, width = 0] = queue.shape;
  const samples = noise.size(0);
  const { k, edge, anchors, keep } = cut(options);
  const known = swapLast(unitRows(queue));
  // the product with the k-th nearest: the smaller, the farther out
  const nearness = (points: Value): Value => {
    const { values } = topK(matmul(unitRows(points), known), k, { axis: 2 });
    return squeeze(slice(values, [k - 1], [k], [2]), [2]);
  };
  const farthest = topK(neg(nearness(queue)), edge, { axis: 1 }).indices;
  const rows = reshape(queue, [classes * size, width]);
  const first = (step: number): Value =>
    queue.graph.constant(
      int64Tensor(
        [classes, 1],
        Array.from({ length: classes }, (_, label) => label * step),
      ),
    );
  const edgeRows = gather(reshape(farthest, [classes * edge]), add(chosen, first(edge)));
  const around = reshape(gather(rows, add(edgeRows, first(size))), [classes, anchors, 1, width]);
  const points = add(around, mul(reshape(noise, [1, 1, samples, width]), options.deviation));
  const flat = reshape(points, [classes, anchors * samples, width]);
  const out = reshape(nearness(flat), [classes * anchors, samples]);
  const { indices } = topK(neg(out), keep, { axis: 1 });
  const starts = Array.from({ length: classes * anchors }, (_, anchor) => anchor * samples);
  const offset = queue.graph.constant(int64Tensor([classes * anchors, 1], starts));
  const kept = reshape(add(indices, offset), [classes * anchors * keep]);
  return gather(reshape(flat, [classes * anchors * samples, width]), kept);
}

/** Cross-entropy of a small network's answer with 1 for known samples and 0 for outliers, over all of them. */
function told(context: Context, known: Value, outliers: Value, width: number): Value {
  const answer = (rows: Value): Value =>
    linearLayer(context.child("2"), relu(linearLayer(context.child("0"), rows, width)), 1);
  const inside = softplus(neg(answer(known)));
  const all = concat([inside, softplus(answer(outliers))], 0);
  return div(reduceSum(all, [0, 1]), all.size(0));
}

/**
 * weight * cross-entropy of a small network on features, known against outliers, once the queue of every class is full; compactWeight * compactness +
 * disperseWeight * dispersion as in `cider`; and the cross-entropy of the last layer on features that are held.
 *
 * OpenOOD (openood/trainers/npos_trainer.py, configs/pipelines/train/train_npos.yml) has a queue of 1,000 with k 300 and edge 200 (`select`), the same
 * shares as here, and starts in epoch 40 (`start_epoch_KNN`), where this starts with the first full queue. Its queue is all zeros again at the
 * start of every epoch, though it counts as full; its directions start at the means of validation images, here at zero.
 */
export const nposMethod = defineMethod({
  id: "npos",
  title: "Non-parametric outlier synthesis",
  source:
    "Tao et al. 2023, Non-Parametric Outlier Synthesis, section 3; numbers as in OpenOOD but for queue 200 (there 1,000), k 60 (300), edge 40 (200) and the start, here the first full queue (there epoch 40 of 100). OpenOOD shows two views of a picture where this shows one, empties the queue before every epoch, trains no last layer, and mixes up the distances of different anchors",
  outliers: ["features"],
  section: "npos",
  about: "outliers at the edge of the features",
  schema,
  terms: {
    edgeOutliers: { title: "telling known samples from outliers at the edge", weight: "weight" },
    edgeFilled: { title: "share of the queue of features that is filled", weight: null },
    nposCompact: { title: "cross-entropy of the own class's direction", weight: "compactWeight" },
    nposDisperse: { title: "log-mean nearness of the classes' directions", weight: "disperseWeight" },
    heldCe: { title: "cross-entropy of the labels, features held", weight: 1 },
  },
  rates: ({ rate }) => ({ "npos.classifier.": rate }),
  draws: (options, { classes, features }: BatchSizes) => {
    const { anchors, edge } = cut(options);
    return {
      anchors: {
        type: { dtype: "int64", shape: [classes, anchors] },
        at: (random, step) =>
          int64Tensor(
            [classes, anchors],
            Array.from({ length: classes }, (_, label) => [
              ...random.derive(String(label)).permutation(step, edge).subarray(0, anchors),
            ]).flat(),
          ),
      },
      noise: {
        type: { dtype: "float32", shape: [options.samples, features] },
        at: (random, step) =>
          float32Tensor([options.samples, features], random.quickNormals(step, options.samples * features)),
      },
    };
  },
  build: ({ context, features, labels, head, draws }, options) => {
    if (!head) throw oalError("OAL-T133", { method: "npos" });
    const own = context.child("npos");
    const queue = featureQueue(own.child("queue"), features, labels, options.queue);
    const outliers = stopGradient(farthestPoints(queue.rows, draws("anchors"), draws("noise"), options));
    const embeddings = projected(own.child("projection"), features, options.width);
    const prototypes = movedPrototypes(own, embeddings, labels, options.momentum);
    return {
      edgeOutliers: mul(queue.isFull, told(own.child("classifier"), features, outliers, options.width)),
      edgeFilled: queue.filled,
      nposCompact: compactness(embeddings, prototypes, labels, options.temperature),
      nposDisperse: dispersion(prototypes, options.temperature),
      heldCe: softCrossEntropy(head.apply(stopGradient(features)), labels),
    };
  },
});
