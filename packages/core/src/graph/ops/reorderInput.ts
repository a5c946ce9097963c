/**
 * Operator ReorderInput of ONNX Runtime's blocked domain: [N, C, H, W] into blocks of channels. The blocked tensor keeps
 * the declared shape, its memory is [N][C / block][H W][block]. CPU only, and only in ONNX Runtime's native builds.
 */
import { int, ShapeProblem, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { at, number, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { offsets, pick } from "./broadcasting.js";
import { floatOfRank } from "./reshape.js";

/** The domain of ONNX Runtime's blocked kernels. */
export const blockedDomain = "com.microsoft.nchwc";

export const ReorderInput: Operator = {
  name: "ReorderInput",
  domain: blockedDomain,
  sinceOpset: 1,
  attributes: { block: "note" },
  infer: (inputs, attributes) => {
    const shape = floatOfRank(inputs, 0, 4);
    if (number(at(shape, 1)) % int(attributes, "block") !== 0) {
      throw new ShapeProblem(`${at(shape, 1)} channels are not a multiple of the block`);
    }
    return [{ dtype: "float32", shape }];
  },
  gradient: "none",
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const block = int(attributes, "block");
    const [images, channels] = [at(x.shape, 0), at(x.shape, 1)];
    const places = at(x.shape, 2) * at(x.shape, 3);
    const walk = [images, channels / block, places, block];
    return [pick(x, x.shape, offsets(walk, [channels * places, block * places, 1, places]))];
  },
  testPoints: [],
};

/** x float32 [N, C, H, W] in blocked memory; C must be a multiple of the engine's block. */
export function reorderInput(x: Value, block: number): Value {
  return apply(ReorderInput, [x], { block });
}
