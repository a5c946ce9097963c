/** Group normalisation. */
import { aValue } from "../ops/operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { ShapeProblem } from "../operator.js";
import { add } from "../ops/add.js";
import { fitting } from "../ops/apply.js";
import { layerNorm } from "../ops/layerNormalization.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { tensorOf } from "../ops/broadcasting.js";
import { sizeOf, sizesOf } from "../tensor.js";
import type { Value } from "../value.js";

/**
 * Normalises every group of neighbouring channels of every image by its own mean and variance, then scales channels.
 *
 * @param x float32 [N, C, ...], C a multiple of `groups` (OAL-G101 otherwise)
 * @param scale float32 [C]
 * @param bias float32 [C]
 */
export function groupNorm(x: Value, groups: number, scale: Value, bias: Value, epsilon = 1e-5): Value {
  expectArguments("groupNorm", {
    x: [x, aValue],
    groups: [groups, kinds.positiveCount],
    scale: [scale, aValue],
    bias: [bias, aValue],
  });
  const [images = 1, , ...open] = x.dims;
  const [channels, rest] = [x.size(1), sizesOf(open, x.name)];
  fitting(x.graph, "groupNorm", () => {
    if (channels % groups !== 0)
      throw new ShapeProblem(`${channels} channels do not split into ${groups} groups`);
  });
  const size = (channels / groups) * sizeOf(rest);
  const ones = x.graph.constant(tensorOf(x.dtype, [size], new Float32Array(size).fill(1)));
  const normal = layerNorm(reshape(x, [images, groups, size]), ones, null, epsilon);
  const perChannel = [channels, ...rest.map(() => 1)];
  return add(mul(reshape(normal, x.dims), reshape(scale, perChannel)), reshape(bias, perChannel));
}
