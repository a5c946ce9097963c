/**
 * Operator Conv of ONNX Runtime's blocked domain (group 1): a convolution of a blocked tensor by a weight in blocked
 * memory [O / block][I / block][KH][KW][i][o] (declared [O, I, KH, KW]), with a blocked result. CPU only.
 */
import { int, ShapeProblem, type Operator } from "../operator.js";
import type { Tensor } from "../tensor.js";
import type { Value } from "../value.js";
import { at, numbers, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { mapBroadcast, offsets, pick } from "./broadcasting.js";
import { Conv, type ConvOptions } from "./conv.js";
import { blockedDomain, ReorderInput } from "./reorderInput.js";
import { ReorderOutput } from "./reorderOutput.js";
import { windowAttributes, windowNode } from "./windows.js";

export const BlockedConv: Operator = {
  name: "BlockedConv",
  onnxType: "Conv",
  domain: blockedDomain,
  sinceOpset: 1,
  attributes: { ...windowAttributes, block: "note" },
  infer: (inputs, attributes, constants) => {
    const [type] = Conv.infer(inputs, attributes, constants, []);
    const block = int(attributes, "block");
    const weight = numbers(inputs[1]?.shape ?? []);
    if (!type || at(weight, 0) % block !== 0 || at(weight, 1) % block !== 0) {
      throw new ShapeProblem(`weight [${weight.join(", ")}] does not consist of blocks of ${block}`);
    }
    const sum = inputs[3];
    if (sum && sum.shape.join() !== type.shape.join())
      throw new ShapeProblem(`summand [${sum.shape.join(", ")}] is not of the result's shape`);
    return [type];
  },
  gradient: "none",
  reference: (inputs, attributes) => {
    const block = int(attributes, "block");
    const [x] = ReorderOutput.reference([tensorAt(inputs, 0)], {
      block,
      channels: at(tensorAt(inputs, 0).shape, 1),
    });
    const weight = plainWeight(tensorAt(inputs, 1), block);
    const [plain] = Conv.reference([x ?? null, weight, inputs[2] ?? null], attributes);
    const [result] = ReorderInput.reference([plain ?? null], { block });
    const sum = inputs[3];
    if (!result || !sum) return result ? [result] : [];
    return [mapBroadcast([result, sum], result.dtype, (value = 0, summand = 0) => value + summand)];
  },
  testPoints: [],
};

/** The weight in ordinary memory. */
function plainWeight(weight: Tensor, block: number): Tensor {
  const [outs, ins, rows, columns] = [
    at(weight.shape, 0),
    at(weight.shape, 1),
    at(weight.shape, 2),
    at(weight.shape, 3),
  ];
  const taps = rows * columns;
  const walk = [outs / block, block, ins / block, block, taps];
  return pick(
    weight,
    weight.shape,
    offsets(walk, [block * ins * taps, 1, taps * block * block, block, block * block]),
  );
}

/** Options of {@link blockedConv}. */
export interface BlockedConvOptions extends Omit<ConvOptions, "group"> {
  /** The engine's block of channels. */
  readonly block: number;
  /** [O]. */
  readonly bias?: Value | null;
  /** A blocked tensor of the result's shape that is added. */
  readonly sum?: Value;
}

/** Convolution of blocked tensors; see the head of this file for the memory order of `weight`. */
export function blockedConv(x: Value, weight: Value, options: BlockedConvOptions): Value {
  const { block, bias = null, sum } = options;
  const inputs = sum ? [x, weight, bias, sum] : [x, weight, bias];
  const kernel = weight.shape.slice(2);
  return apply(BlockedConv, inputs, { ...windowNode({ ...options, kernel }), block });
}
