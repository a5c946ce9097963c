/** A second head that says by how many quarter turns a picture was turned. Known pictures are those whose turns it can tell. */
import {
  argMax,
  cast,
  concat,
  equal,
  int64Tensor,
  oneHot,
  quarterTurns,
  reduceMean,
  stopGradient,
} from "oal-core";
import { z } from "zod";
import { real } from "../../fields.js";
import { linearLayer } from "../../nn/layers/linear.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { defineMethod } from "./method.js";

/** 0, 1, 2 and 3 quarter turns. */
const turns = 4;

/**
 * weight * (1/4N) sum_k sum_i -log r_k(turn_k x_i), r the softmax of a linear layer on the features, beside the loss of the classes, which
 * sees upright pictures alone. All four turns pass the network together.
 */
export const rotpredMethod = defineMethod({
  id: "rotpred",
  title: "Prediction of quarter turns",
  source:
    "Hendrycks et al. 2019, Using Self-Supervised Learning Can Improve Model Robustness and Uncertainty, section 4; weight 1 as in OpenOOD, 0.5 in the paper",
  section: "rotpred",
  about: "a head that says how a picture was turned",
  schema: z.strictObject({
    weight: real(1, 0, 1000, "weight of the cross-entropy of the four turns"),
  }),
  terms: {
    turnsCe: { title: "cross-entropy of the quarter turns", weight: "weight" },
    turnsTold: { title: "share of the turns that are told", weight: null },
  },
  pictures: ({ images }, { weight }) =>
    weight === 0
      ? {}
      : {
          turned: concat(
            [1, 2, 3].map((k) => quarterTurns(images, k)),
            0,
          ),
        },
  outputs: ({ context, features }, { weight }) =>
    weight === 0 ? {} : { turns: linearLayer(context.child("turns"), features, turns) },
  heads: ({ weight }) => (weight === 0 ? [] : ["turns"]),
  detectors: ({ weight }) => (weight === 0 ? [] : ["rotpred"]),
  build: ({ context, logits, shown, outputs, outputsOf }, { weight }) => {
    if (weight === 0) return {};
    const said = concat([outputs("turns"), outputsOf(shown("turned"))("turns")], 0);
    const count = logits.shape[0] ?? 0;
    const turnOf = Array.from({ length: turns * count }, (_, row) => Math.floor(row / count));
    const right = context.graph.constant(int64Tensor([turns * count], turnOf));
    return {
      turnsCe: softCrossEntropy(said, oneHot(right, turns)),
      turnsTold: stopGradient(reduceMean(cast(equal(argMax(said, 1), right), "float32"), [0])),
    };
  },
});
