/** The step function, in the formulation that the engine computes fastest for an element type. */
import type { Value } from "../value.js";
import { add } from "./add.js";
import { cast } from "./cast.js";
import { equal } from "./equal.js";
import { greater } from "./greater.js";
import { hardSigmoid } from "./hardSigmoid.js";
import { mul } from "./mul.js";

/**
 * 1 where x > 0, 0 where x < 0, `middle` at 0; no gradient flows through. float32 takes HardSigmoid(1e30 x + middle),
 * the cheapest formulation (ENGINE 0.6), which the engine lacks in float64.
 */
export function step(x: Value, middle: 0 | 0.5 | 1): Value {
  if (x.dtype === "float32") return hardSigmoid(x, 1e30, middle);
  const above = cast(greater(x, 0), x.dtype);
  return middle === 0 ? above : add(above, mul(cast(equal(x, 0), x.dtype), middle));
}
