/** Activations made of operators. */
import { add } from "../ops/add.js";
import { clip } from "../ops/clip.js";
import { exp } from "../ops/exp.js";
import { hardSigmoid } from "../ops/hardSigmoid.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { relu } from "../ops/relu.js";
import { sigmoid } from "../ops/sigmoid.js";
import { softplus } from "../ops/softplus.js";
import { sub } from "../ops/sub.js";
import type { Value } from "../value.js";

/** x sigmoid(x), elementwise (also called swish). */
export function silu(x: Value): Value {
  return mul(x, sigmoid(x));
}

/** x sigmoid(1.702 x), elementwise: CLIP's approximation of GELU. */
export function quickGelu(x: Value): Value {
  return mul(x, sigmoid(mul(x, 1.702)));
}

/** x clip(x/6 + 1/2, 0, 1), elementwise. */
export function hardSwish(x: Value): Value {
  return mul(x, hardSigmoid(x, 1 / 6, 0.5));
}

/** x above 0, e^x - 1 below, elementwise. */
export function elu(x: Value): Value {
  return add(relu(x), sub(exp(clip(x, null, 0)), 1));
}

/** log sigmoid(x), elementwise, stable for large |x|. */
export function logSigmoid(x: Value): Value {
  return neg(softplus(neg(x)));
}
