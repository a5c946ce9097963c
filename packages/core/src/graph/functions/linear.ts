/** Fully connected layer. */
import { aValue, aValueOrNull } from "../ops/operands.js";
import { expectArguments } from "../../errors/index.js";
import { add } from "../ops/add.js";
import { gemm } from "../ops/gemm.js";
import { reshape } from "../ops/reshape.js";
import { productOf } from "../dims.js";
import type { Value } from "../value.js";

/**
 * x weight^T + bias over the last axis.
 *
 * @param x float32 [..., I]
 * @param weight float32 [O, I], PyTorch's layout
 * @param bias float32 [O] or null
 * @returns float32 [..., O]
 */
export function linear(x: Value, weight: Value, bias: Value | null = null): Value {
  expectArguments("linear", { x: [x, aValue], weight: [weight, aValue], bias: [bias, aValueOrNull] });
  if (x.rank === 2) return gemm(x, weight, bias, { transB: true });
  const rows = reshape(x, [productOf(x.dims.slice(0, -1)), x.dims.at(-1) ?? 1]);
  const product = reshape(gemm(rows, weight, null, { transB: true }), [
    ...x.dims.slice(0, -1),
    weight.dims[0] ?? 1,
  ]);
  return bias ? add(product, bias) : product;
}
