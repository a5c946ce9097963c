/** The map that brings outlier embeddings into the student's feature space, fitted beside the student. */
import {
  add,
  div,
  gelu,
  mul,
  reduceMean,
  reduceSum,
  softplus,
  sqrt,
  stopGradient,
  sub,
  type Value,
} from "oal-core";
import type { Context } from "../../nn/context.js";
import { linearLayer } from "../../nn/layers/linear.js";
import { fitInStep } from "../fitInStep.js";

/** Units of the hidden layer: METHOD's. */
const hidden = 512;

/** What the map is fitted on, and what it is applied to. */
export interface AlignmentInputs {
  /** Where its state is declared. */
  readonly context: Context;
  /** The student's, float32 [N, F]. */
  readonly features: Value;
  /** The teacher's of the same images, float32 [N, D]. */
  readonly teacherFeatures: Value;
  /** float32 [N, D], of any length. */
  readonly outlierEmbeddings: Value;
  /** Adam steps of the map per step of the student. */
  readonly steps: number;
  readonly rate: number;
}

/** What the map makes of the outliers, constant for the student, and how well it fits. */
export interface AlignedOutliers {
  /** float32 [N, F]. */
  readonly outliers: Value;
  /** The loss that is fitted, float32 scalar. */
  readonly loss: Value;
}

/**
 * A(t) = softplus(Linear(gelu(Linear(t)))), D to 512 to F, fitted by Adam steps of its own on
 *
 *   mean ‖A(t_i) − f_i‖² / mean ‖f_i‖² + mean (1 − cos(A(t_i), f_i))
 *
 * with the student's features f held; then A(o) of the outliers, held too. Embeddings of teacher and outliers are brought to length √D
 * first: outliers are directions, and a length that a class has on average (METHOD's r_c) is then not needed.
 *
 * @source METHOD 10.4 E1
 */
export function alignOutliers(inputs: AlignmentInputs): AlignedOutliers {
  const fixed = stopGradient(inputs.features);
  const width = fixed.size(1);
  const map = (context: Context, embeddings: Value): Value => {
    const inner = gelu(linearLayer(context.child("0"), standardised(stopGradient(embeddings)), hidden));
    return softplus(linearLayer(context.child("2"), inner, width));
  };
  const { fitted, loss } = fitInStep(inputs.context, inputs.steps, inputs.rate, (part) =>
    alignmentLoss(map(part, inputs.teacherFeatures), fixed),
  );
  return { outliers: stopGradient(map(fitted, inputs.outlierEmbeddings)), loss: stopGradient(loss) };
}

/** Relative squared error plus 1 less the cosine, means over the rows. */
export function alignmentLoss(mapped: Value, features: Value): Value {
  const difference = sub(mapped, features);
  const error = reduceMean(squares(difference), [0, 1]);
  const size = add(reduceMean(squares(features), [0, 1]), 1e-12);
  const along = reduceSum(mul(mapped, features), [1], true);
  const lengths = sqrt(add(mul(squares(mapped), squares(features)), 1e-12));
  return add(div(error, size), sub(1, reduceMean(div(along, lengths), [0, 1])));
}

/** Squared lengths of rows: float32 [N, D] to [N, 1]. */
const squares = (rows: Value): Value => reduceSum(mul(rows, rows), [1], true);

/** Rows of length √D. */
function standardised(rows: Value): Value {
  return mul(div(rows, sqrt(add(squares(rows), 1e-12))), Math.sqrt(rows.size(1)));
}
