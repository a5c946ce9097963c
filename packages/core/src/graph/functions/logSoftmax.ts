/** Log-probabilities without the operator LogSoftmax, which WebGPU lacks (ENGINE 8.1). */
import { aValue } from "../ops/operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { logSumExp } from "../ops/reduceLogSumExp.js";
import { sub } from "../ops/sub.js";
import type { Value } from "../value.js";

/** x - log of the sum of e^x along an axis (default the last): log-probabilities from logits, stable. */
export function logSoftmax(x: Value, axis = -1): Value {
  expectArguments("logSoftmax", { x: [x, aValue], axis: [axis, kinds.integer] });
  return sub(x, logSumExp(x, [axis], true));
}
