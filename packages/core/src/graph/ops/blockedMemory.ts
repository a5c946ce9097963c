/**
 * Memory of ONNX Runtime's blocked domain ("NCHWc"), for plain references and shape rules. A blocked tensor is declared
 * [N, C, H, W], its memory is [N][C / block][H W][block]; channels that do not fill the last block are followed by zeros,
 * and then C counts those too.
 */
import { int, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import type { Dims, Tensor, ValueType } from "../tensor.js";
import { at, number } from "./access.js";
import { offsets, pick } from "./broadcasting.js";
import { floatOfRank } from "./reshape.js";

/** The domain of ONNX Runtime's blocked kernels; they are of its native builds, on the CPU. */
export const blockedDomain = "com.microsoft.nchwc";

/** The smallest multiple of the block that holds these channels. */
export function wholeBlocks(channels: number, block: number): number {
  return Math.ceil(channels / block) * block;
}

/** [N, C, H, W] of an input that must be blocked. */
export function blockedShape(
  inputs: readonly (ValueType | null)[],
  index: number,
  attributes: Attributes,
): Dims {
  const shape = floatOfRank(inputs, index, 4);
  const channels = number(at(shape, 1));
  if (channels % int(attributes, "block") !== 0)
    throw new ShapeProblem(`${channels} channels do not fill blocks of ${int(attributes, "block")}`);
  return shape;
}

/** [N, C, H, W] in blocked memory, with zeros behind the last channel where it does not fill its block. */
export function toBlocked(x: Tensor, block: number): Tensor {
  const [images, channels, places] = sizesOf(x);
  const whole = wholeBlocks(channels, block);
  const shape = [images, whole, at(x.shape, 2), at(x.shape, 3)];
  const picks = offsets([images, whole / block, places, block], [0, 0, 0, 0]).map((_, position) => {
    const lane = position % block;
    const place = Math.floor(position / block) % places;
    const group = Math.floor(position / block / places) % (whole / block);
    const image = Math.floor(position / whole / places);
    const channel = group * block + lane;
    return channel < channels ? (image * channels + channel) * places + place : -1;
  });
  return pick(x, shape, picks);
}

/** The first channels of a blocked tensor in ordinary memory. */
export function toPlain(x: Tensor, block: number, channels = at(x.shape, 1)): Tensor {
  const [images, whole, places] = sizesOf(x);
  const shape = [images, channels, at(x.shape, 2), at(x.shape, 3)];
  const picks = new Int32Array(images * channels * places).map((_, position) => {
    const place = position % places;
    const channel = Math.floor(position / places) % channels;
    const image = Math.floor(position / places / channels);
    const group = Math.floor(channel / block);
    return (image * whole + group * block) * places + place * block + (channel % block);
  });
  return pick(x, shape, picks);
}

/** An operator of ordinary tensors as one of blocked tensors: the first input and the result are blocked. */
export function blockedTwin(
  operator: Operator,
  parts: Pick<Operator, "name" | "onnxType"> & Partial<Operator>,
): Operator {
  return {
    domain: blockedDomain,
    sinceOpset: 1,
    attributes: { ...operator.attributes, block: "note" },
    infer: (inputs, attributes, constants, elements) => {
      blockedShape(inputs, 0, attributes);
      return operator.infer(inputs, attributes, constants, elements);
    },
    gradient: "none",
    reference: ([x, ...rest], attributes) => {
      const block = int(attributes, "block");
      const plain = operator.reference([x ? toPlain(x, block) : null, ...rest], attributes);
      return plain.map((result) => toBlocked(result, block));
    },
    testPoints: [],
    ...parts,
  };
}

function sizesOf(x: Tensor): [images: number, channels: number, places: number] {
  return [at(x.shape, 0), at(x.shape, 1), at(x.shape, 2) * at(x.shape, 3)];
}
