/** Operators that work on every element alone: they do not care about the order of memory. */
import { Add } from "../../graph/ops/add.js";
import { at } from "../../graph/ops/access.js";
import { Erf } from "../../graph/ops/erf.js";
import { Gelu } from "../../graph/ops/gelu.js";
import { HardSigmoid } from "../../graph/ops/hardSigmoid.js";
import { HardSwish } from "../../graph/ops/hardSwish.js";
import { Identity } from "../../graph/ops/identity.js";
import { LeakyRelu } from "../../graph/ops/leakyRelu.js";
import { Max } from "../../graph/ops/max.js";
import { Min } from "../../graph/ops/min.js";
import { Mul } from "../../graph/ops/mul.js";
import { Neg } from "../../graph/ops/neg.js";
import { Relu } from "../../graph/ops/relu.js";
import { Sigmoid } from "../../graph/ops/sigmoid.js";
import { Softplus } from "../../graph/ops/softplus.js";
import { StopGradient } from "../../graph/ops/stopGradient.js";
import { Sub } from "../../graph/ops/sub.js";
import { Tanh } from "../../graph/ops/tanh.js";
import type { Operator } from "../../graph/operator.js";
import type { Value } from "../../graph/value.js";
import type { Rule } from "./layout.js";

/**
 * Operators of which the zeros behind the last channel can become no infinity, which a later factor of 0 would make NaN. Channels that
 * fill their blocks have none, and may go through any operator.
 */
const bounded: ReadonlySet<Operator> = new Set([
  Add,
  Erf,
  Gelu,
  HardSigmoid,
  HardSwish,
  Identity,
  LeakyRelu,
  Max,
  Min,
  Mul,
  Neg,
  Relu,
  Sigmoid,
  Softplus,
  StopGradient,
  Sub,
  Tanh,
]);

export const elementwise: Rule = ({ operator, inputs, attributes, outputs: [output] }, layout) => {
  const shape = output && layout.shapeOf(output);
  if (operator.elementwise !== true || !shape) return false;
  if (at(shape, 1) % layout.block !== 0 && !bounded.has(operator)) return false;
  const isSame = (value: Value): boolean =>
    value.dtype === "float32" &&
    value.dims.join() === output.dims.join() &&
    layout.shapeOf(value)?.join() === shape.join();
  if (!inputs.some((input) => input && isSame(input) && layout.isBlocked(input))) return false;
  if (!inputs.every((input) => !input || isSame(input) || isScalar(input))) return false;
  const copies = inputs.map(
    (input) => input && (isSame(input) ? layout.blocked(input) : layout.plain(input)),
  );
  const [made] = layout.target.node(operator, copies, attributes);
  if (made) layout.keepBlocked(output, made);
  return true;
};

function isScalar(value: Value): boolean {
  return value.knownType !== null && value.dims.every((size) => size === 1) && value.rank <= 4;
}
