/** Self-attention with one projection for queries, keys and values: the layout of vision transformers. */
import {
  expectArguments,
  kinds,
  matmul,
  mul,
  oalError,
  reshape,
  slice,
  softmax,
  transpose,
  type Value,
} from "oal-core";
import { aContext, aValue } from "../arguments.js";
import type { Context } from "../context.js";
import type { Initializer } from "../initialisers.js";
import { linearLayer } from "./linear.js";

/**
 * softmax(q k^T / sqrt(E/H)) v for each of H heads, heads concatenated and projected. The number of samples may be open.
 *
 * @param context the layer's own context; parameters `qkv.weight` [3E, E] (rows of q, then k, then v), `qkv.bias`, `proj.weight`,
 *   `proj.bias`
 * @param tokens float32 [N, T, E]
 * @param heads must divide E
 * @param start how weights and biases begin; default PyTorch's
 * @returns float32 [N, T, E]
 * @source Dosovitskiy et al. 2021, appendix A; layout of timm's vision_transformer.Attention
 */
export function selfAttentionLayer(
  context: Context,
  tokens: Value,
  heads: number,
  start: { readonly init?: Initializer; readonly biasInit?: Initializer } = {},
): Value {
  expectArguments("selfAttentionLayer", {
    context: [context, aContext],
    tokens: [tokens, aValue],
    heads: [heads, kinds.positiveCount],
    start: [start, kinds.record],
  });
  const [batch = 0, length = 0] = tokens.dims;
  const width = tokens.rank === 3 ? tokens.size(2) : 0;
  if (tokens.rank !== 3 || width % heads !== 0) {
    throw oalError("OAL-G101", {
      operator: "self-attention layer",
      path: context.graph.path,
      problem: `needs [N, T, E] with E divisible by ${heads}, found [${tokens.dims.join(", ")}]`,
    });
  }
  const perHead = width / heads;
  const joined = linearLayer(context.child("qkv"), tokens, 3 * width, start);
  const attended = context.scope(() => {
    const part = (index: number, order: readonly number[]): Value => {
      const own = slice(joined, [index * width], [(index + 1) * width], [2]);
      return transpose(reshape(own, [batch, length, heads, perHead]), order);
    };
    const query = mul(part(0, [0, 2, 1, 3]), 1 / Math.sqrt(perHead));
    const key = part(1, [0, 2, 3, 1]);
    const value = part(2, [0, 2, 1, 3]);
    const mixed = matmul(softmax(matmul(query, key), -1), value);
    return reshape(transpose(mixed, [0, 2, 1, 3]), [batch, length, width]);
  });
  return linearLayer(context.child("proj"), attended, width, start);
}
