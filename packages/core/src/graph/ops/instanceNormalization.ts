/** Operator InstanceNormalization: every channel of every image by its own mean and variance. */
import { float, ShapeProblem, type Operator } from "../operator.js";
import { sizeOf } from "../tensor.js";
import type { Value } from "../value.js";
import { add } from "./add.js";
import { at, canBeEqual, floatAt, flowing, inputOf, tensorAt } from "./access.js";
import { tensorOf } from "./broadcasting.js";
import { mul } from "./mul.js";
import { reciprocal } from "./reciprocal.js";
import { reduceMean } from "./reduceMean.js";
import { reshape } from "./reshape.js";
import { sqrt } from "./sqrt.js";
import { sub } from "./sub.js";
import { sumOver } from "./sums.js";

export const InstanceNormalization: Operator = {
  name: "InstanceNormalization",
  sinceOpset: 6,
  attributes: { epsilon: "float" },
  infer: (inputs) => {
    const x = floatAt(inputs, 0);
    if (x.shape.length < 3) throw new ShapeProblem("input 0 needs at least three axes");
    for (const index of [1, 2])
      if (
        floatAt(inputs, index).shape.length !== 1 ||
        !canBeEqual(at(x.shape, 1), at(floatAt(inputs, index).shape, 0))
      )
        throw new ShapeProblem(`input ${index} must have shape [${x.shape[1]}]`);
    return [x];
  },
  // As LayerNormalization (ENGINE 5.3): with h = (x - mean)/std, dx = scale (dy - mean(dy) - h mean(dy h)) / std.
  gradient: (node, outputGradients, wants) => {
    const [x, scale, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
    const axes = x.shape.map((_, axis) => axis).slice(2);
    const centred = sub(x, reduceMean(x, axes, true));
    const variance = reduceMean(mul(centred, centred), axes, true);
    const inverse = reciprocal(sqrt(add(variance, float(node.attributes, "epsilon", 1e-5))));
    const h = mul(centred, inverse);
    const perChannel = reshape(scale, [...scale.shape, ...axes.map(() => 1)]);
    const byInput = (): Value => {
      const inner = add(reduceMean(dy, axes, true), mul(h, reduceMean(mul(dy, h), axes, true)));
      return mul(mul(perChannel, inverse), sub(dy, inner));
    };
    return [
      wants(0) ? byInput() : null,
      wants(1) ? sumOver(mul(dy, h), [0, ...axes]) : null,
      wants(2) ? sumOver(dy, [0, ...axes]) : null,
    ];
  },
  reference: (inputs, attributes) => {
    const [x, scale, bias] = [tensorAt(inputs, 0), tensorAt(inputs, 1), tensorAt(inputs, 2)];
    const length = sizeOf(x.shape.slice(2));
    const values = new Float64Array(x.data.length);
    for (let plane = 0; plane * length < values.length; plane++) {
      const elements = Array.from({ length }, (_, i) => Number(x.data[plane * length + i]));
      const mean = elements.reduce((sum, element) => sum + element, 0) / length;
      const variance = elements.reduce((sum, element) => sum + (element - mean) ** 2, 0) / length;
      const inverse = 1 / Math.sqrt(variance + float(attributes, "epsilon", 1e-5));
      const channel = plane % at(x.shape, 1);
      elements.forEach((element, i) => {
        values[plane * length + i] =
          (element - mean) * inverse * Number(scale.data[channel]) + Number(bias.data[channel]);
      });
    }
    return [tensorOf(x.dtype, x.shape, values)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 3, 2, 3] },
        { dtype: "float32", shape: [3] },
        { dtype: "float32", shape: [3] },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 2, 4] },
        { dtype: "float32", shape: [2] },
        { dtype: "float32", shape: [2] },
      ],
      attributes: { epsilon: 0.1 },
    },
  ],
};
