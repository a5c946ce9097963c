/** Class scores as a quotient: how like a class a picture is, divided by how sure one is that it is known at all. */
import {
  add,
  div,
  mul,
  neg,
  reduceMean,
  reshape,
  sigmoid,
  sub,
  swapLast,
  matmul,
  type Value,
} from "oal-core";
import { z } from "zod";
import { choice } from "../../fields.js";
import type { Context } from "../../nn/context.js";
import { kaimingNormal, zeros } from "../../nn/initialisers.js";
import { batchNormLayer } from "../../nn/layers/batchNorm.js";
import { linearLayer } from "../../nn/layers/linear.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { unitRows } from "../../nn/losses/unitRows.js";
import { defineMethod } from "./method.js";

const forms = ["cosine", "inner", "euclidean"] as const;
type Form = (typeof forms)[number];

/** h, float32 [N, C]: cosines, inner products with a bias, or minus mean squared differences between features and one row per class. */
function likeness(context: Context, features: Value, classes: number, form: Form): Value {
  const width = features.size(1);
  // the original decays everything but h
  const rows = context.parameter("weight", [classes, width], kaimingNormal, { decay: false });
  switch (form) {
    case "cosine":
      return matmul(unitRows(features), swapLast(unitRows(rows)));
    case "inner":
      return add(
        matmul(features, swapLast(rows)),
        context.parameter("bias", [classes], zeros, { decay: false }),
      );
    case "euclidean": {
      const apart = sub(
        reshape(features, [features.dims[0] ?? 1, 1, width]),
        reshape(rows, [1, classes, width]),
      );
      return neg(reduceMean(mul(apart, apart), [2]));
    }
  }
}

/** Cross-entropy of the labels with z = h / g, g = sigmoid(BN(Linear(f))). The finished model's class scores are z. */
export const gOdinMethod = defineMethod({
  id: "gOdin",
  title: "Generalised ODIN's heads",
  source:
    "Hsu et al. 2020, Generalized ODIN: Detecting Out-of-distribution Image without Learning from Out-of-distribution Data, section 3.2",
  section: "gOdin",
  about: "class scores as likeness divided by confidence",
  schema: z.strictObject({
    form: choice(forms, "cosine", "how features are compared with a class: the best of the paper is cosine"),
  }),
  terms: { quotientCe: { title: "cross-entropy of the labels, scores h / g", weight: 1 } },
  outputs: ({ context, features, classes }, { form }) => {
    const raw = linearLayer(context.child("g"), features, 1);
    return {
      numerator: likeness(context.child("h"), features, classes, form),
      denominator: sigmoid(batchNormLayer(context.child("norm"), raw)),
    };
  },
  heads: () => ["numerator", "denominator"],
  detectors: () => ["godin"],
  inference: ({ logits, outputs: { numerator = logits, denominator = 1 } }) => div(numerator, denominator),
  build: ({ outputs, labels }) => ({
    quotientCe: softCrossEntropy(div(outputs("numerator"), outputs("denominator")), labels),
  }),
});
