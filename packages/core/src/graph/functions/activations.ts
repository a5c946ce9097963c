/** Activations made of operators. */
import type { Value } from "../value.js";
import { mul } from "../ops/mul.js";
import { sigmoid } from "../ops/sigmoid.js";

/** x sigmoid(x), elementwise (also called swish). */
export function silu(x: Value): Value {
  return mul(x, sigmoid(x));
}
