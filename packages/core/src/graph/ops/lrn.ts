/** Operator LRN: every element divided by a power of the mean square of its neighbours in other channels (AlexNet, GoogLeNet). */
import { float, int, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { sizeOf, toNumbers } from "../tensor.js";
import type { Value } from "../value.js";
import { add } from "./add.js";
import { at, flowing, inputOf, number, tensorAt } from "./access.js";
import { tensorOf } from "./broadcasting.js";
import { conv2d } from "./conv.js";
import { mul } from "./mul.js";
import { pow } from "./pow.js";
import { floatOfRank } from "./reshape.js";
import { sub } from "./sub.js";

interface Settings {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

function settingsOf(attributes: Attributes): Settings {
  const size = int(attributes, "size");
  if (size < 1) throw new ShapeProblem(`size ${size} is not at least 1`);
  return {
    size,
    alpha: float(attributes, "alpha", 1e-4),
    beta: float(attributes, "beta", 0.75),
    bias: float(attributes, "bias", 1),
  };
}

/** Whether channel `other` is among the neighbours of `channel`. */
function isNeighbour(channel: number, other: number, size: number): boolean {
  return other >= channel - Math.floor((size - 1) / 2) && other <= channel + Math.ceil((size - 1) / 2);
}

export const LRN: Operator = {
  name: "LRN",
  sinceOpset: 1,
  attributes: { alpha: "float", beta: "float", bias: "float", size: "int" },
  infer: (inputs, attributes) => {
    settingsOf(attributes);
    const shape = floatOfRank(inputs, 0, 4);
    number(at(shape, 1));
    return [{ dtype: inputs[0]?.dtype ?? "float32", shape }];
  },
  // With s = bias + alpha/size * sum of neighbours' squares, y = x s^-beta; both sums over channels are convolutions of 1x1.
  gradient: (node, outputGradients) => {
    const [x, dy] = [inputOf(node, 0), flowing(outputGradients)];
    const { size, alpha, beta, bias } = settingsOf(node.attributes);
    const channels = at(x.shape, 1);
    const sum = (value: Value, isTurned: boolean): Value => {
      const band = Array.from({ length: channels ** 2 }, (_, place) => {
        const [row, column] = [Math.floor(place / channels), place % channels];
        return isNeighbour(isTurned ? column : row, isTurned ? row : column, size) ? alpha / size : 0;
      });
      return conv2d(value, x.graph.constant(tensorOf(x.dtype, [channels, channels, 1, 1], band)));
    };
    const s = add(sum(mul(x, x), false), bias);
    const inner = sum(mul(mul(dy, x), pow(s, -beta - 1)), true);
    return [sub(mul(dy, pow(s, -beta)), mul(mul(x, inner), 2 * beta))];
  },
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const { size, alpha, beta, bias } = settingsOf(attributes);
    const [channels, places] = [at(x.shape, 1), sizeOf(x.shape.slice(2))];
    const elements = toNumbers(x);
    const values = elements.map((element, i) => {
      const channel = Math.floor(i / places) % channels;
      let sum = 0;
      for (let other = 0; other < channels; other++)
        if (isNeighbour(channel, other, size)) sum += at(elements, i + (other - channel) * places) ** 2;
      return element / (bias + (alpha / size) * sum) ** beta;
    });
    return [tensorOf(x.dtype, x.shape, values)];
  },
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [2, 5, 2, 3] }], attributes: { size: 3, alpha: 0.9 } },
    {
      inputs: [{ dtype: "float32", shape: [1, 4, 2, 2] }],
      attributes: { size: 5, alpha: 2, beta: 0.5, bias: 2 },
    },
  ],
};
