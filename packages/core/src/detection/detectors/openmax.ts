/** Probability of an unknown class from Weibull tails of the distances to the classes' mean logits. */
import { oalError } from "../../errors/index.js";
import {
  add,
  concat,
  div,
  exp,
  gemm,
  mul,
  neg,
  oneHot,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  slice,
  softmax,
  sqrt,
  sub,
  topK,
  type Value,
} from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { eachImage, firstLargest, floats, GroupSums, rowOf, type RowVisitor } from "../fitting/statistics.js";
import { fitWeibull } from "../fitting/weibull.js";
import { integer } from "../parameters.js";

/** Tails are moved to this place before the fit, as the field's library does, so that one parameter less is needed. */
const origin = 10000;

/**
 * OpenMax: minus the probability of an added, unknown class, in [-1, 0]. Each class has a Weibull distribution of the largest distances
 * of its correctly classified training images to their mean logits; w_c = 1 - exp(-((||z - μ_c|| + 10000 - t) / λ)^k), t the smallest of
 * those distances. The `ranks` largest logits lose the share w_c (R - r) / R of rank r, and what they lose is the unknown's logit.
 *
 * @source Bendale and Boult 2016, "Towards Open Set Deep Networks", in OpenOOD's form; its Weibull by maximum likelihood
 */
export const openmax = defineDetector({
  id: "openmax",
  title: "OpenMax",
  aliases: ["openMax"],
  needs: ["logits"],
  source: "Bendale and Boult 2016",
  formula: "-softmax([z (1 - w ω), Σ z w ω])_unknown",
  cost: "C²; C² numbers",
  notes: [
    "OpenOOD's constants are fixed in its code (3 ranks, tail 20), whatever its configuration says; pytorch-ood takes 10 and 25 and all pictures instead of the correctly classified.",
    "The field's Weibull library is replaced by maximum likelihood, and the largest logit is subtracted before the exponential, which otherwise overflows.",
    "A class without a correctly classified training picture makes OpenOOD fail; here the error names it.",
  ],
  parameters: {
    ranks: integer({
      min: 1,
      default: 3,
      description: "α, how many of the largest logits are revised",
      reason: "OpenOOD's; the paper takes 10 of 1,000 classes",
    }),
    tail: integer({
      min: 2,
      default: 20,
      description: "how many of a class's largest distances the distribution is fitted to",
      reason: "the paper's and OpenOOD's",
    }),
  },
  fitReads: ["tail"],
  fit: {
    on: "train",
    labelled: true,
    needs: ["logits"],
    tensors: ["means", "shapes", "scales", "shifts"],
    async run(streams, { tail }) {
      const { classes } = streams;
      const sums = new GroupSums(classes);
      await eachImage(
        streams,
        ofRight((c, row) => sums.add(c, row)),
      );
      const { width } = sums;
      const means = sums.means("openmax", "correctly classified images");
      const distances = Array.from({ length: classes }, (): number[] => []);
      await eachImage(
        streams,
        ofRight((c, row) => {
          let squares = 0;
          row.forEach((z, j) => (squares += (z - (means[c * width + j] ?? 0)) ** 2));
          distances[c]?.push(Math.sqrt(squares));
        }),
      );
      const fits = distances.map((all, c) => {
        const largest = all.sort((a, b) => b - a).slice(0, tail);
        const smallest = largest.at(-1) ?? 0;
        const found = fitWeibull(largest.map((t) => t + origin - smallest));
        if (!found)
          throw oalError("OAL-E292", {
            detector: "openmax",
            problem: `class ${c} has ${largest.length} correctly classified training images whose distances do not differ`,
          });
        return { ...found, smallest };
      });
      const shifts = fits.map(({ scale, smallest }) => scale - origin + smallest);
      return {
        means: floats([classes, width], means),
        shapes: floats(
          [1, classes],
          fits.map(({ shape }) => shape),
        ),
        scales: floats(
          [1, classes],
          fits.map(({ scale }) => scale),
        ),
        shifts: floats([1, classes], shifts),
      };
    },
  },
  score(_graph, { logits, fitted }, { ranks }) {
    const classes = logits.size(1);
    const squares = add(
      add(
        reduceSum(mul(logits, logits), [1], true),
        reshape(reduceSum(mul(fitted.means, fitted.means), [1]), [1, classes]),
      ),
      mul(gemm(logits, fitted.means, null, { transB: true }), -2),
    );
    // ((dist + 10000 - t) / λ)^k = exp(k log(1 + δ)), δ = (dist - (λ - 10000 + t)) / λ: the small number keeps its digits in float32.
    const delta = div(sub(sqrt(relu(squares)), fitted.shifts), fitted.scales);
    const weight = sub(1, exp(neg(exp(mul(fitted.shapes, logOnePlus(delta))))));
    const count = Math.min(ranks, classes);
    const { indices } = topK(logits, count, { axis: 1 });
    const shares = floats(
      [1, count, 1],
      Array.from({ length: count }, (_, r) => (ranks - r) / ranks),
    );
    const omega = reduceSum(
      mul(oneHot(indices, classes), logits.graph.constant(shares, "openmax.shares")),
      [1],
    );
    const lost = mul(mul(logits, weight), omega);
    const all = concat([sub(logits, lost), reduceSum(lost, [1], true)], 1);
    const unknown = slice(softmax(sub(all, reduceMax(all, [1], true)), 1), [classes], [classes + 1], [1]);
    return neg(reshape(unknown, [logits.dims[0] ?? 0]));
  },
});

/** Visits the images that are classified rightly: their class and logits. */
function ofRight(visit: (label: number, logits: Float32Array) => void): RowVisitor<"logits"> {
  return ({ labels, taps }, i) => {
    const row = rowOf(taps.logits, i);
    const label = firstLargest(row);
    if (label === labels[i]) visit(label, row);
  };
}

/** log(1 + x) for |x| below about 0.3, by 2 artanh(x / (2 + x)): relative error below 1e-7. */
function logOnePlus(x: Value): Value {
  const u = div(x, add(x, 2));
  const squared = mul(u, u);
  const series = add(1, mul(squared, add(1 / 3, mul(squared, add(1 / 5, mul(squared, 1 / 7))))));
  return mul(mul(u, 2), series);
}
