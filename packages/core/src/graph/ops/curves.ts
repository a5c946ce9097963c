/** Activations of files that are read: Elu, Celu, Selu, Mish, Softsign, ThresholdedRelu and PRelu. */
import { float, ShapeProblem, type Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { add } from "./add.js";
import { flowing, inputOf } from "./access.js";
import { binary, unary } from "./elementwise.js";
import { exp } from "./exp.js";
import { minimum } from "./min.js";
import { mul } from "./mul.js";
import { reciprocal } from "./reciprocal.js";
import { sigmoid } from "./sigmoid.js";
import { softplus } from "./softplus.js";
import { step } from "./step.js";
import { sub } from "./sub.js";
import { sumTo } from "./sums.js";
import { tanh } from "./tanh.js";

/** 1 above 0 and the given slope below. */
function slopes(x: Value, below: Operand): Value {
  const above = step(x, 0);
  return add(above, mul(sub(1, above), below));
}

export const Elu: Operator = unary("Elu", {
  sinceOpset: 6,
  attributes: { alpha: "float" },
  compute: (x, attributes) => (x < 0 ? float(attributes, "alpha", 1) * Math.expm1(x) : x),
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    return [mul(flowing(dy), slopes(x, mul(exp(minimum(x, 0)), float(node.attributes, "alpha", 1))))];
  },
  testAttributes: [{}, { alpha: 0.5 }],
});

export const Celu: Operator = unary("Celu", {
  sinceOpset: 12,
  attributes: { alpha: "float" },
  compute: (x, attributes) => {
    const alpha = float(attributes, "alpha", 1);
    return x < 0 ? alpha * Math.expm1(x / alpha) : x;
  },
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    const below = exp(mul(minimum(x, 0), 1 / float(node.attributes, "alpha", 1)));
    return [mul(flowing(dy), slopes(x, below))];
  },
  testAttributes: [{}, { alpha: 0.5 }],
});

const selu = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

export const Selu: Operator = unary("Selu", {
  sinceOpset: 6,
  attributes: { alpha: "float", gamma: "float" },
  compute: (x, attributes) =>
    float(attributes, "gamma", selu.gamma) *
    (x < 0 ? float(attributes, "alpha", selu.alpha) * Math.expm1(x) : x),
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    const below = mul(exp(minimum(x, 0)), float(node.attributes, "alpha", selu.alpha));
    return [mul(mul(flowing(dy), slopes(x, below)), float(node.attributes, "gamma", selu.gamma))];
  },
  testAttributes: [{}, { alpha: 1, gamma: 2 }],
});

export const Mish: Operator = unary("Mish", {
  sinceOpset: 18,
  compute: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    const gate = tanh(softplus(x));
    return [mul(flowing(dy), add(gate, mul(mul(x, sigmoid(x)), sub(1, mul(gate, gate)))))];
  },
});

export const Softsign: Operator = unary("Softsign", {
  sinceOpset: 1,
  compute: (x) => x / (1 + Math.abs(x)),
  // |y| = 1 - 1/(1 + |x|): the slope is (1 - |y|)^2.
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    const size = mul(x, sub(mul(step(x, 0.5), 2), 1));
    const share = reciprocal(add(size, 1));
    return [mul(flowing(dy), mul(share, share))];
  },
});

export const ThresholdedRelu: Operator = unary("ThresholdedRelu", {
  sinceOpset: 10,
  attributes: { alpha: "float" },
  compute: (x, attributes) => (x > float(attributes, "alpha", 1) ? x : 0),
  gradient: (node, dy) => [
    mul(flowing(dy), step(sub(inputOf(node, 0), float(node.attributes, "alpha", 1)), 0)),
  ],
  range: [-1, 0.9],
  testAttributes: [{}, { alpha: -2 }],
});

const leaky = binary("PRelu", {
  sinceOpset: 7,
  compute: (x, slope) => (x < 0 ? slope * x : x),
  gradient: (node, dy, wants) => {
    const [x, slope] = [inputOf(node, 0), inputOf(node, 1)];
    return [
      wants(0) ? sumTo(mul(flowing(dy), slopes(x, slope)), x.dims) : null,
      wants(1) ? sumTo(mul(flowing(dy), minimum(x, 0)), slope.dims) : null,
    ];
  },
});

/** The slope stretches to x, never x to the slope. */
export const PRelu: Operator = {
  ...leaky,
  infer: (inputs, ...rest) => {
    const [type] = leaky.infer(inputs, ...rest);
    if (!type || type.shape.join() !== inputs[0]?.shape.join())
      throw new ShapeProblem("the slope does not stretch to input 0");
    return [type];
  },
  testPoints: leaky.testPoints.slice(0, 2),
};
