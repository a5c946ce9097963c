/** Operator GlobalAveragePool: mean of every channel of an image. */
import type { Operator } from "../operator.js";
import { sizeOf } from "../tensor.js";
import type { Value } from "../value.js";
import { at, flowing, inputOf, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { tensorOf } from "./broadcasting.js";
import { expand } from "./expand.js";
import { mul } from "./mul.js";
import { floatOfRank, reshape } from "./reshape.js";

export const GlobalAveragePool: Operator = {
  name: "GlobalAveragePool",
  sinceOpset: 1,
  attributes: {},
  infer: (inputs) => {
    const shape = floatOfRank(inputs, 0, 4);
    return [{ dtype: inputs[0]?.dtype ?? "float32", shape: [at(shape, 0), at(shape, 1), 1, 1] }];
  },
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    return [expand(mul(flowing(dy), 1 / (x.size(2) * x.size(3))), x.dims)];
  },
  reference: (inputs) => {
    const x = tensorAt(inputs, 0);
    const places = sizeOf(x.shape.slice(2));
    const means = new Float64Array(x.data.length / places);
    for (let i = 0; i < x.data.length; i++) {
      const channel = Math.floor(i / places);
      means[channel] = (means[channel] ?? 0) + Number(x.data[i]) / places;
    }
    return [tensorOf(x.dtype, [at(x.shape, 0), at(x.shape, 1), 1, 1], means)];
  },
  testPoints: [{ inputs: [{ dtype: "float32", shape: [2, 3, 4, 2] }] }],
};

/** Mean over the image axes: [N, C, H, W] to [N, C]. */
export function globalAveragePool(x: Value): Value {
  return reshape(apply(GlobalAveragePool, [x]), x.dims.slice(0, 2));
}
