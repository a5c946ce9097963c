/** Operator DequantizeLinear: the floats that whole numbers of QuantizeLinear stand for. */
import { ShapeProblem, type Operator } from "../operator.js";
import { toNumbers } from "../tensor.js";
import { floatAt, flowing, inputOf, tensorAt } from "./access.js";
import { tensorOf } from "./broadcasting.js";
import { cast } from "./cast.js";
import { mul } from "./mul.js";
import { checkSteps, perAxis, stepsOf, stepsValue } from "./quantizeLinear.js";
import { reshape } from "./reshape.js";
import { sub } from "./sub.js";
import { sumTo } from "./sums.js";

export const DequantizeLinear: Operator = {
  name: "DequantizeLinear",
  sinceOpset: 10,
  attributes: { axis: "int" },
  newerAttributes: { axis: 13 },
  infer: (inputs, attributes) => {
    const [x] = inputs;
    const scale = floatAt(inputs, 1);
    if (!x || !/^u?int/.test(x.dtype)) throw new ShapeProblem("input 0 must be whole numbers");
    const zero = inputs[2];
    if (zero && zero.dtype !== x.dtype)
      throw new ShapeProblem(`the zero point is ${zero.dtype}, input 0 ${x.dtype}`);
    checkSteps(x.shape, scale.shape, attributes);
    return [{ dtype: scale.dtype, shape: x.shape }];
  },
  // What is quantised stands for the floats that come out here: the gradient passes as it is.
  gradient: (node, outputGradients, wants) => {
    const [x, scale, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
    const zero = stepsValue(node, 2, scale);
    const steps = cast(x, scale.dtype);
    const shape = perAxis(scale.shape, node.attributes, x.rank);
    return [
      wants(0) ? dy : null,
      wants(1) ? reshape(sumTo(mul(dy, zero ? sub(steps, zero) : steps), shape), scale.dims) : null,
      null,
    ];
  },
  reference: (inputs, attributes) => {
    const [x, scale] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const [scaleAt, zeroAt] = [stepsOf(x, scale, attributes), stepsOf(x, inputs[2], attributes)];
    return [
      tensorOf(
        scale.dtype,
        x.shape,
        toNumbers(x).map((whole, place) => (whole - zeroAt(place)) * scaleAt(place)),
      ),
    ];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "uint8", shape: [2, 3], values: [0, 7, 255, 3, 9, 100] },
        { dtype: "float32", shape: [], values: [0.1] },
        { dtype: "uint8", shape: [], values: [7], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "int8", shape: [2, 3], values: [0, 7, -128, 3, 9, 100] },
        { dtype: "float32", shape: [3], values: [0.5, 0.25, 2] },
      ],
    },
  ],
};
