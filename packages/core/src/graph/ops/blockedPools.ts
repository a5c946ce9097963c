/** Operators MaxPool, AveragePool and GlobalAveragePool of ONNX Runtime's blocked domain: blocked in, blocked out. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { apply } from "./apply.js";
import { AveragePool } from "./averagePool.js";
import { blockedTwin } from "./blockedMemory.js";
import { GlobalAveragePool } from "./globalAveragePool.js";
import { MaxPool } from "./maxPool.js";
import { poolNode, type PoolOptions } from "./pooling.js";

export const BlockedMaxPool: Operator = blockedTwin(MaxPool, {
  name: "BlockedMaxPool",
  onnxType: "MaxPool",
});

export const BlockedAveragePool: Operator = blockedTwin(AveragePool, {
  name: "BlockedAveragePool",
  onnxType: "AveragePool",
});

export const BlockedGlobalAveragePool: Operator = blockedTwin(GlobalAveragePool, {
  name: "BlockedGlobalAveragePool",
  onnxType: "GlobalAveragePool",
});

/** Largest element of every window of a blocked tensor. */
export function blockedMaxPool(x: Value, block: number, options: PoolOptions): Value {
  return apply(BlockedMaxPool, [x], { ...poolNode(options), block });
}

/** Mean of every window of a blocked tensor; padding counts as zeros where `countIncludePad` says so. */
export function blockedAveragePool(
  x: Value,
  block: number,
  { countIncludePad = false, ...options }: PoolOptions & { readonly countIncludePad?: boolean },
): Value {
  return apply(BlockedAveragePool, [x], {
    ...poolNode(options),
    count_include_pad: countIncludePad ? 1 : 0,
    block,
  });
}

/** Mean of every channel of every image of a blocked tensor: [N, C, 1, 1], which is the same memory in both layouts. */
export function blockedGlobalAveragePool(x: Value, block: number): Value {
  return apply(BlockedGlobalAveragePool, [x], { block });
}
