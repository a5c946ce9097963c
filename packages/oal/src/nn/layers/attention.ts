/** Multi-head attention with PyTorch's parameter layout. */
import {
  matmul,
  mul,
  oalError,
  reshape,
  slice,
  softmax,
  transpose,
  linear,
  type Value,
  expectArguments,
  kinds,
} from "oal-core";
import { aContext, aValue } from "../arguments.js";
import type { Context } from "../context.js";
import { xavierUniform, zeros } from "../initialisers.js";
import { linearLayer } from "./linear.js";

/**
 * softmax(q k^T / sqrt(E/H)) v for each of H heads, heads concatenated and projected.
 *
 * @param context the layer's own context; parameters `in_proj_weight` [3E, E], `in_proj_bias` [3E], `out_proj.weight`, `out_proj.bias`
 * @param queries float32 [N, T, E]
 * @param heads must divide E
 * @param memory float32 [N, S, E], what is attended to; default the queries themselves
 * @returns float32 [N, T, E]
 * @source Vaswani et al. 2017, section 3.2.2; layout of torch.nn.MultiheadAttention
 */
export function attentionLayer(
  context: Context,
  queries: Value,
  heads: number,
  memory: Value = queries,
): Value {
  expectArguments("attentionLayer", {
    context: [context, aContext],
    queries: [queries, aValue],
    heads: [heads, kinds.positiveCount],
    memory: [memory, aValue],
  });
  const [batch = 0, length = 0, width = 0] = queries.shape;
  const sourceLength = memory.shape[1] ?? 0;
  if (queries.rank !== 3 || width % heads !== 0 || memory.shape[2] !== width) {
    throw oalError("OAL-G101", {
      operator: "attention layer",
      path: context.graph.path,
      problem: `needs [N, T, E] twice with E divisible by ${heads}, found [${queries.shape.join(", ")}] and [${memory.shape.join(", ")}]`,
    });
  }
  const weight = context.parameter("in_proj_weight", [3 * width, width], xavierUniform);
  const bias = context.parameter("in_proj_bias", [3 * width], zeros);
  const perHead = width / heads;
  const attended = context.scope(() => {
    const project = (x: Value, part: number, tokens: number): Value => {
      const rows = slice(weight, [part * width], [(part + 1) * width], [0]);
      const shift = slice(bias, [part * width], [(part + 1) * width], [0]);
      const projected = linear(reshape(x, [batch * tokens, width]), rows, shift);
      return transpose(reshape(projected, [batch, tokens, heads, perHead]), [0, 2, 1, 3]);
    };
    const query = mul(project(queries, 0, length), 1 / Math.sqrt(perHead));
    const key = transpose(project(memory, 1, sourceLength), [0, 1, 3, 2]);
    const value = project(memory, 2, sourceLength);
    const mixed = matmul(softmax(matmul(query, key), -1), value);
    return reshape(transpose(mixed, [0, 2, 1, 3]), [batch, length, width]);
  });
  return linearLayer(context.child("out_proj"), attended, width, { biasInit: zeros });
}
