/**
 * Operator LayerNormalization over the last axes; mean and 1/std are outputs too, for the gradient. ONNX keeps these
 * statistics in float32 whatever the element type of x (stash_type 1).
 */
import { float, int, ShapeProblem, type Operator } from "../operator.js";
import { sizeOf, type Dim } from "../tensor.js";
import type { Node, Value } from "../value.js";
import { add } from "./add.js";
import { at, axisOf, floatAt, inputOf, outputOf, tensorAt } from "./access.js";
import { applyAll } from "./apply.js";
import { tensorOf } from "./broadcasting.js";
import { cast } from "./cast.js";
import { mul } from "./mul.js";
import { reciprocal } from "./reciprocal.js";
import { reduceMean } from "./reduceMean.js";
import { sqrt } from "./sqrt.js";
import { sub } from "./sub.js";
import { sumTo } from "./sums.js";

export const LayerNormalization: Operator = {
  name: "LayerNormalization",
  sinceOpset: 17,
  attributes: { axis: "int", epsilon: "float", stash_type: "int" },
  infer: (inputs, attributes) => {
    const x = floatAt(inputs, 0);
    if (int(attributes, "stash_type", 1) !== 1) throw new ShapeProblem("statistics must be kept as float32");
    const axis = axisOf(int(attributes, "axis", -1), x.shape.length);
    const normalised = x.shape.slice(axis).join(", ");
    for (const index of [1, 2]) {
      const type = inputs[index];
      if (type && type.shape.join(", ") !== normalised)
        throw new ShapeProblem(`input ${index} must have shape [${normalised}]`);
    }
    const statistic = { dtype: "float32", shape: rowShape(x.shape, axis) } as const;
    return [x, statistic, statistic];
  },
  // With h = (x - mean)/std and g = dy scale: dx = (g - mean(g) - h mean(g h)) / std (ENGINE 5.3).
  gradient: (node, [dy, dMean, dInverse], wants) => {
    const [x, scale] = [inputOf(node, 0), inputOf(node, 1)];
    const axis = axisOf(int(node.attributes, "axis", -1), x.rank);
    const axes = x.dims.map((_, place) => place).slice(axis);
    const { mean, inverse } = statistics(node, axes);
    const centred = mul(sub(x, mean), inverse);
    const parts: Value[] = [];
    if (dy && wants(0)) {
      const g = isOnes(scale) ? dy : mul(dy, scale);
      const inner = add(reduceMean(g, axes, true), mul(centred, reduceMean(mul(g, centred), axes, true)));
      parts.push(mul(inverse, sub(g, inner)));
    }
    const count = sizeOf(axes.map((place) => x.size(place)));
    if (dMean && wants(0)) parts.push(mul(add(mul(centred, 0), cast(dMean, x.dtype)), 1 / count));
    if (dInverse && wants(0)) {
      const factor = mul(mul(cast(dInverse, x.dtype), mul(inverse, inverse)), -1 / count);
      parts.push(mul(centred, factor));
    }
    return [
      parts.length > 0 ? parts.reduce((sum, part) => add(sum, part)) : null,
      dy && wants(1) ? sumTo(mul(dy, centred), scale.dims) : null,
      dy && wants(2) ? sumTo(dy, scale.dims) : null,
    ];
  },
  reference: (inputs, attributes) => {
    const [x, scale] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const axis = axisOf(int(attributes, "axis", -1), x.shape.length);
    const length = sizeOf(x.shape.slice(axis));
    const rows = x.data.length / length;
    const values = new Float64Array(x.data.length);
    const [means, inverses] = [new Float64Array(rows), new Float64Array(rows)];
    for (let row = 0; row < rows; row++) {
      const elements = Array.from({ length }, (_, i) => Number(x.data[row * length + i]));
      const mean = elements.reduce((sum, element) => sum + element, 0) / length;
      const variance = elements.reduce((sum, element) => sum + (element - mean) ** 2, 0) / length;
      const inverse = 1 / Math.sqrt(variance + float(attributes, "epsilon", 1e-5));
      elements.forEach((element, i) => {
        const bias = inputs[2] ? Number(inputs[2].data[i]) : 0;
        values[row * length + i] = (element - mean) * inverse * Number(scale.data[i]) + bias;
      });
      means[row] = mean;
      inverses[row] = inverse;
    }
    const shape = rowShape(x.shape, axis);
    return [
      tensorOf(x.dtype, x.shape, values),
      tensorOf("float32", shape, means),
      tensorOf("float32", shape, inverses),
    ];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 3, 5] },
        { dtype: "float32", shape: [5] },
        { dtype: "float32", shape: [5] },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [3, 2, 4] },
        { dtype: "float32", shape: [2, 4] },
      ],
      attributes: { axis: 1, epsilon: 1e-3 },
    },
  ],
};

/** Whether a scale says nothing, as that of group normalisation, whose factors are of channels. */
function isOnes(scale: Value): boolean {
  return scale.constant?.data.every((element: number | bigint) => Number(element) === 1) ?? false;
}

/** Mean and 1/std in the element type of x: the stored ones, or computed again where those are too coarse. */
function statistics(node: Node, axes: readonly number[]): { mean: Value; inverse: Value } {
  const x = inputOf(node, 0);
  if (x.dtype === "float32") return { mean: outputOf(node, 1), inverse: outputOf(node, 2) };
  const mean = reduceMean(x, axes, true);
  const centred = sub(x, mean);
  const variance = reduceMean(mul(centred, centred), axes, true);
  return { mean, inverse: reciprocal(sqrt(add(variance, float(node.attributes, "epsilon", 1e-5)))) };
}

function rowShape<D extends Dim>(shape: readonly D[], axis: number): readonly (D | 1)[] {
  return shape.map((size, place) => (place < axis ? size : 1));
}

/**
 * Normalises over the axes from `axis` to the last: (x - mean) / sqrt(variance + epsilon) * scale + bias.
 *
 * @param scale float32 of the normalised axes' shape
 * @param bias as scale; may be null
 */
export function layerNorm(x: Value, scale: Value, bias: Value | null, epsilon = 1e-5, axis = -1): Value {
  return at(applyAll(LayerNormalization, [x, scale, bias], { axis, epsilon }), 0);
}
