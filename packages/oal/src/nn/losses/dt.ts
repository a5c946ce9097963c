/** DT, the adapter that brings teacher features to the student's width. */
import { relu, type Value } from "oal-core";
import type { Context } from "../context.js";
import { batchNormLayer } from "../layers/batchNorm.js";
import { linearLayer } from "../layers/linear.js";

/**
 * BatchNorm `pre_norm` -> Linear `mlp1` -> ReLU -> BatchNorm `norm1`.
 *
 * @param context the module's own context ("dt")
 * @param features float32 [N, D_teacher]
 * @param outputs D_student
 * @returns float32 [N, D_student]
 * @source HengGao12/OAL openood/networks/kd_model.py class DT; METHOD 5
 */
export function teacherAdapter(context: Context, features: Value, outputs: number): Value {
  return context.scope(() => {
    const normalised = batchNormLayer(context.child("pre_norm"), features);
    const hidden = relu(linearLayer(context.child("mlp1"), normalised, outputs));
    return batchNormLayer(context.child("norm1"), hidden);
  });
}
