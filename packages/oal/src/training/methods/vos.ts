/** Virtual outliers: drawn from Gaussians of the classes' features where these are least likely, and told from known samples by their energy. */
import {
  add,
  div,
  float32Tensor,
  Graph,
  matmul,
  mul,
  oalError,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  stopGradient,
  sub,
  swapLast,
  type Random,
  type Tensor,
  type Value,
} from "oal-core";
import { z } from "zod";
import { real, whole } from "../../fields.js";
import { energy, energyClassifier } from "../../nn/losses/energy.js";
import { featureQueue } from "./featureQueue.js";
import { defineMethod } from "./method.js";

/** Added to the variances, so that features that never vary do no harm. */
const jitter = 1e-4;

/** Steps of the iteration for the root: eigenvalues from a ten-millionth of the matrix's norm on reach their roots. */
const rootSteps = 24;

/**
 * The symmetric root of a covariance, by the coupled iteration T = (3 I - Z Y) / 2, Y <- Y T, Z <- T Z from Y = A / ||A||_F, Z = I.
 *
 * @param covariance float32 [D, D], symmetric, positive
 * @source Higham 2008, Functions of Matrices, equation 6.35 (Newton-Schulz)
 */
export function symmetricRoot(covariance: Value): Value {
  const { graph } = covariance;
  const width = covariance.size(0);
  const unit = identityOf(graph, width);
  const norm = sqrt(reduceSum(mul(covariance, covariance), [0, 1]));
  let [y, z] = [div(covariance, norm), unit];
  for (let step = 0; step < rootSteps; step++) {
    const turn = mul(sub(mul(unit, 3), matmul(z, y)), 0.5);
    [y, z] = [matmul(y, turn), matmul(turn, z)];
  }
  return mul(y, sqrt(norm));
}

function identityOf(graph: Graph, width: number): Value {
  const cells = Float32Array.from({ length: width * width }, (_, at) => Number(at % (width + 1) === 0));
  return graph.constant(float32Tensor([width, width], cells));
}

/**
 * For every class the `select` longest of `samples` standard normal vectors, float32 [C select, D]: what is least likely under a Gaussian is what
 * is farthest in its own coordinates. Lengths are drawn (squared, chi-square by Wilson and Hilferty 1931, within half a percent from D = 16 on),
 * the longest kept and given directions of their own, which has the same distribution and costs a D-th.
 */
export function longestNormals(
  random: Random,
  step: number,
  { classes, width, samples, select }: { classes: number; width: number; samples: number; select: number },
): Tensor {
  const directions = random.derive("directions").normals(step, classes * select * width);
  const lengths = random.derive("lengths").quickNormals(step, classes * samples);
  const spread = 2 / (9 * width);
  for (let label = 0; label < classes; label++) {
    largest(lengths.subarray(label * samples, (label + 1) * samples), select).forEach((draw, k) => {
      const start = (label * select + k) * width;
      const row = directions.subarray(start, start + width);
      const wanted = Math.sqrt(width * Math.max(0, 1 - spread + draw * Math.sqrt(spread)) ** 3);
      const length = Math.hypot(...row);
      row.forEach((value, at) => (row[at] = (value / length) * wanted));
    });
  }
  return float32Tensor([classes * select, width], directions);
}

/** The largest numbers, the largest first; few of many are found without sorting. */
function largest(numbers: Float32Array, count: number): Float32Array {
  if (count === 1) return Float32Array.of(numbers.reduce((most, value) => Math.max(most, value), -Infinity));
  return numbers
    .toSorted()
    .subarray(numbers.length - count)
    .reverse();
}

/**
 * weight * cross-entropy of Linear(1, 2) on logsumexp of the class scores, known samples against virtual outliers o = μ_c + Σ^{1/2} ε, once the queue
 * of every class is full: μ_c its mean, Σ the covariance around the means of all classes, ε the longest of many standard normal vectors.
 *
 * What other programs do otherwise. The authors' (deeplearning-wisc/vos, classification/CIFAR/train_virtual.py) weights the exponentials in the
 * energy with max(0, w_c), w learned, and starts in epoch 40 of 100. OpenOOD's (openood/trainers/vos_trainer.py) starts with the first full queue, as
 * here; its w are drawn anew at every call, for known samples and outliers apart; energies below -1 become -1; and the energies lose their gradient,
 * so that the term trains Linear(1, 2) and never the network. In both a class whose queue is full takes nothing until those of all are. Shared: the
 * mean over known samples and outliers together, outliers without gradient, 1e-4 on the variances, and all numbers.
 */
export const vosMethod = defineMethod({
  id: "vos",
  title: "Virtual outlier synthesis",
  source:
    "Du et al. 2022, VOS: Learning What You Don't Know by Virtual Outlier Synthesis, equations 1 to 5; numbers of the authors' program for CIFAR-10 and of OpenOOD. The energy is log sum e^z without weights: the authors' program learns a weight per class and starts in epoch 40 of 100, this with the first full queue. OpenOOD starts there too, but draws the weights anew at every call, raises energies to -1 at least and lets no gradient through them, so that its term does not train the network",
  outliers: ["features"],
  section: "vos",
  about: "virtual outliers among the features",
  schema: z.strictObject({
    weight: real(0.1, 0, 1000, "weight of telling known samples from virtual outliers"),
    queue: whole(1000, 2, 100_000, "newest features of every class that the Gaussians are fitted to"),
    samples: whole(10_000, 1, 1_000_000, "vectors that are drawn per class and step"),
    select: whole(1, 1, 10_000, "of them, how many of the least likely become outliers; at most samples"),
  }),
  terms: {
    virtualOutliers: { title: "telling known samples from virtual outliers by energy", weight: "weight" },
    queueFilled: { title: "share of the queue of features that is filled", weight: null },
  },
  ignored: ({ weight }) => [[["queue", "samples", "select"], weight === 0 && "vos.weight: 0"]],
  draws: ({ weight, samples, select }, { classes, features }) =>
    weight === 0
      ? {}
      : {
          outliers: {
            type: { dtype: "float32", shape: [classes * Math.min(select, samples), features] },
            at: (random, step) =>
              longestNormals(random, step, {
                classes,
                width: features,
                samples,
                select: Math.min(select, samples),
              }),
          },
        },
  build: ({ context, features, logits, labels, head, draws, classes }, { weight, queue: size }) => {
    if (weight === 0) return {};
    if (!head) throw oalError("OAL-T133", { method: "vos" });
    const own = context.child("vos");
    const queue = featureQueue(own.child("queue"), features, labels, size);
    const width = features.size(1);
    const means = reduceMean(queue.rows, [1], true);
    const centred = reshape(sub(queue.rows, means), [classes * size, width]);
    const covariance = add(
      div(matmul(swapLast(centred), centred), classes * size),
      mul(identityOf(context.graph, width), jitter),
    );
    const noise = draws("outliers");
    const select = noise.size(0) / classes;
    const moved = reshape(matmul(noise, symmetricRoot(covariance)), [classes, select, width]);
    const outliers = stopGradient(reshape(add(moved, means), [classes * select, width]));
    const { loss } = energyClassifier(own.child("classifier"), energy(logits), energy(head.apply(outliers)));
    return { virtualOutliers: mul(queue.isFull, loss), queueFilled: queue.filled };
  },
});
