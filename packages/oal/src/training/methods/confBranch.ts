/** A confidence head: the network may buy a hint of the label, and pays for it; how often it would rather not is its confidence. */
import {
  add,
  clip,
  div,
  float32Tensor,
  less,
  log,
  mul,
  neg,
  reduceMean,
  reduceSum,
  sigmoid,
  softmax,
  stopGradient,
  sub,
  where,
  type Value,
} from "oal-core";
import { z } from "zod";
import { positive, real } from "../../fields.js";
import { filled } from "../../nn/initialisers.js";
import { linearLayer } from "../../nn/layers/linear.js";
import { defineMethod } from "./method.js";

/** Kept away from 0 and 1, so that logarithms stay finite. float32 does not tell 1 - 1e-12, the original's, from 1. */
const epsilon = 1e-6;

/**
 * -(1/N) sum_i log(p'_i,t) + λ (1/N) sum_i -log c_i with p' = c' p + (1 - c') t, p = softmax(z), c = sigmoid of a linear layer on the
 * features; c' is c for about half of the pictures, by chance, and 1 for the others. After every step λ becomes λ/1.01 where the second mean is
 * below the budget, λ/0.99 where not.
 */
export const confBranchMethod = defineMethod({
  id: "confBranch",
  title: "Confidence branch",
  source:
    "DeVries and Taylor 2018, Learning Confidence for Out-of-Distribution Detection in Neural Networks, equations 2 to 6; λ's rule and 0.1 as in OpenOOD",
  section: "confBranch",
  about: "a head that learns how sure the network is",
  schema: z.strictObject({
    budget: positive(0.3, 100, "mean -log(confidence) that the weight λ of the price is moved towards"),
    startWeight: positive(0.1, 100, "λ before the first step"),
    hints: real(0.5, 0, 1, "share of the pictures, by chance, for which a hint can be bought"),
  }),
  terms: {
    hintedCe: { title: "cross-entropy of the labels, with hints", weight: 1 },
    confidencePrice: { title: "λ times the price of hints, -log(confidence)", weight: 1 },
    confidenceLoss: { title: "price of hints, -log(confidence)", weight: null },
  },
  draws: (_options, { batchSize }) => ({
    hint: {
      type: { dtype: "float32", shape: [batchSize, 1] },
      at: (random, step) => float32Tensor([batchSize, 1], random.uniforms(step, batchSize)),
    },
  }),
  outputs: ({ context, features }) => ({ confidence: linearLayer(context.child("confidence"), features, 1) }),
  heads: () => ["confidence"],
  detectors: () => ["confBranch"],
  build: ({ context, logits, labels, outputs, draws }, { budget, startWeight, hints }) => {
    const weights = context.child("confBranch");
    const weight = weights.buffer("weight", [], filled(startWeight));
    const confidence = kept(sigmoid(outputs("confidence")));
    const hinted = where(less(draws("hint"), hints), confidence, 1);
    const probabilities = add(mul(kept(softmax(logits, 1)), hinted), mul(labels, sub(1, hinted)));
    const price = reduceMean(neg(log(confidence)), [0, 1]);
    weights.updateBuffer("weight", div(weight, where(less(price, budget), 1.01, 0.99)));
    return {
      hintedCe: neg(reduceMean(reduceSum(mul(labels, log(probabilities)), [1]), [0])),
      confidencePrice: mul(price, stopGradient(weight)),
      confidenceLoss: stopGradient(price),
    };
  },
});

const kept = (value: Value): Value => clip(value, epsilon, 1 - epsilon);
