/**
 * Operator Conv of ONNX Runtime's blocked domain: a convolution with a blocked result, which adds a summand and applies an
 * activation in the same pass. Its weight, declared [O, I / group, KH, KW], lies in memory as
 *
 * - [O / block][I / block][KH][KW][i][o] for a blocked image;
 * - [O / block][I][KH][KW][o] for an image of fewer channels than a block, which is taken in ordinary memory;
 * - [C / block][KH][KW][c] with one channel a group; of one pixel that is the vector of the channels' factors.
 *
 * The bias is an ordinary vector.
 */
import { float32Tensor, type Dims, type Tensor } from "../tensor.js";
import { int, ints, ShapeProblem, text, type Attributes, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { at, number, numbers, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { blockedDomain, blockedShape, toBlocked, toPlain } from "./blockedMemory.js";
import { mapBroadcast, offsets, pick } from "./broadcasting.js";
import { Conv, type ConvOptions } from "./conv.js";
import { reshape } from "./reshape.js";
import { windowAttributes, windowNode } from "./windows.js";

export const BlockedConv: Operator = {
  name: "BlockedConv",
  onnxType: "Conv",
  domain: blockedDomain,
  sinceOpset: 1,
  attributes: {
    ...windowAttributes,
    group: "int",
    activation: "string",
    activation_params: "floats",
    block: "note",
  },
  infer: (inputs, attributes, constants) => {
    const [type] = Conv.infer(inputs, attributes, constants, []);
    const block = int(attributes, "block");
    const weight = numbers(inputs[1]?.shape ?? []);
    const group = int(attributes, "group", 1);
    const ordinary = isOrdinary(inputs[0]?.shape ?? [], block);
    if (!ordinary) blockedShape(inputs, 0, attributes);
    const [outs, ins] = [at(weight, 0), at(weight, 1)];
    const isDepthwise = group > 1 && ins === 1 && group === outs;
    const isWhole = outs % block === 0 && (ordinary || isDepthwise || ins % block === 0);
    if (!type || !isWhole || (group > 1 && !isDepthwise && (outs / group) % block !== 0))
      throw new ShapeProblem(
        `weight [${weight.join(", ")}] in ${group} groups does not consist of blocks of ${block}`,
      );
    const sum = inputs[3];
    if (sum && sum.shape.join() !== type.shape.join())
      throw new ShapeProblem(`summand [${sum.shape.join(", ")}] is not of the result's shape`);
    return [type];
  },
  gradient: "none",
  reference: (inputs, attributes) => {
    const [x, blockedWeight] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const block = int(attributes, "block");
    const image = isOrdinary(x.shape, block) ? x : toPlain(x, block);
    const weight = plainWeight(blockedWeight, block);
    const [plain] = Conv.reference([image, weight, inputs[2] ?? null], attributes);
    if (!plain) return [];
    const result = toBlocked(plain, block);
    const sum = inputs[3] ?? float32Tensor([], [0]);
    const activate = activationOf(attributes);
    return [mapBroadcast([result, sum], result.dtype, (value = 0, summand = 0) => activate(value + summand))];
  },
  testPoints: [],
};

/** Whether an image has fewer channels than a block, and is taken as it is. */
function isOrdinary(shape: Dims, block: number): boolean {
  return number(at(shape, 1)) < block;
}

function activationOf(attributes: Attributes): (x: number) => number {
  const name = text(attributes, "activation", "");
  if (name === "") return (x) => x;
  if (name === "Relu") return (x) => Math.max(x, 0);
  if (name !== "HardSigmoid") throw new ShapeProblem(`activation "${name}" is not supported`);
  const [alpha = 0, beta = 0] = ints(attributes, "activation_params");
  return (x) => Math.min(1, Math.max(0, Math.fround(alpha * x) + beta));
}

/** The weight in ordinary memory. */
function plainWeight(weight: Tensor, block: number): Tensor {
  const [outs, ins] = [at(weight.shape, 0), at(weight.shape, 1)];
  const taps = at(weight.shape, 2) * at(weight.shape, 3);
  if (ins < block) {
    const walk = [outs / block, block, ins, taps];
    return pick(weight, weight.shape, offsets(walk, [block * ins * taps, 1, taps * block, block]));
  }
  const walk = [outs / block, block, ins / block, block, taps];
  return pick(
    weight,
    weight.shape,
    offsets(walk, [block * ins * taps, 1, taps * block * block, block, block * block]),
  );
}

/** What is done to a sum in the same pass: max(x, 0), or the mask clip(1e30 x + 1, 0, 1), which is 1 at 0 and 0 below. */
export type FusedActivation = "relu" | "mask";

const activations = {
  relu: { activation: "Relu" },
  mask: { activation: "HardSigmoid", activation_params: [1e30, 1] },
} as const satisfies Record<FusedActivation, Attributes>;

/** Options of {@link blockedConv}. */
export interface BlockedConvOptions extends ConvOptions {
  /** The engine's block of channels. */
  readonly block: number;
  /** [O]. */
  readonly bias?: Value | null;
  /** A blocked tensor of the result's shape that is added. */
  readonly sum?: Value | null;
  /** Applied last. */
  readonly activation?: FusedActivation | null;
}

/** Convolution with a blocked result; see the head of this file for the memory order of `weight`. */
export function blockedConv(x: Value, weight: Value, options: BlockedConvOptions): Value {
  const { block, bias = null, sum, group = 1, activation } = options;
  const inputs = sum ? [x, weight, bias, sum] : [x, weight, bias];
  const kernel = weight.shape.slice(2);
  return apply(BlockedConv, inputs, {
    ...windowNode({ ...options, kernel }),
    ...(group === 1 ? {} : { group }),
    ...(activation ? activations[activation] : {}),
    block,
  });
}

/** Options of {@link channelAffine}. */
export type ChannelAffineOptions = Pick<BlockedConvOptions, "block" | "bias" | "sum" | "activation" | "pads">;

/**
 * activation(factors x + bias + sum), per channel and in one pass: a convolution of one pixel with one channel a group.
 *
 * @param x blocked [N, C, H, W]
 * @param factors [C]
 * @param options.pads zeros around x, to which the bias is added too
 */
export function channelAffine(x: Value, factors: Value, options: ChannelAffineOptions): Value {
  const channels = x.size(1);
  return blockedConv(x, factorsAsWeight(factors, channels), { ...options, group: channels });
}

function factorsAsWeight(factors: Value, channels: number): Value {
  return factors.rank === 4 ? factors : reshape(factors, [channels, 1, 1, 1]);
}
