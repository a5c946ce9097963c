/** Operator MatMul: matrix products, batched with broadcasting. */
import { aValue } from "./operands.js";
import { expectArguments } from "../../errors/index.js";
import { productOf } from "../dims.js";
import { ShapeProblem, type Operator } from "../operator.js";
import { sizeOf, type Dim, type Dims } from "../tensor.js";
import type { Value } from "../value.js";
import { at, canBeEqual, floatAt, flowing, inputOf, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { broadcastOffsets, broadcastShapes, tensorOf } from "./broadcasting.js";
import { gemm } from "./gemm.js";
import { reshape } from "./reshape.js";
import { sumTo } from "./sums.js";
import { swapLast } from "./transpose.js";

export const MatMul: Operator = {
  name: "MatMul",
  sinceOpset: 9,
  attributes: {},
  infer: (inputs) => {
    const [a, b] = [floatAt(inputs, 0), floatAt(inputs, 1)];
    if (a.shape.length < 2 || b.shape.length < 2)
      throw new ShapeProblem("both inputs need at least two axes");
    if (a.dtype !== b.dtype) throw new ShapeProblem("element types differ");
    if (!canBeEqual(at(a.shape, a.shape.length - 1), at(b.shape, b.shape.length - 2)))
      throw new ShapeProblem(`inner sizes ${a.shape.at(-1)} and ${b.shape.at(-2)} differ`);
    return [{ dtype: a.dtype, shape: product(a.shape, b.shape) }];
  },
  gradient: (node, outputGradients, wants) => {
    const [a, b, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
    if (b.rank === 2) {
      // One matrix applied to all rows: two plain products instead of a batch of small ones and a sum.
      const rows = asRows(dy);
      return [
        wants(0) ? reshapeTo(gemm(rows, b, null, { transB: true }), a.dims) : null,
        wants(1) ? gemm(asRows(a), rows, null, { transA: true }) : null,
      ];
    }
    return [
      wants(0) ? sumTo(matmul(dy, swapLast(b)), a.dims) : null,
      wants(1) ? sumTo(matmul(swapLast(a), dy), b.dims) : null,
    ];
  },
  reference: (inputs) => {
    const [a, b] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const shape = product(a.shape, b.shape);
    const [m, n, k] = [
      at(a.shape, a.shape.length - 2),
      at(shape, shape.length - 1),
      at(a.shape, a.shape.length - 1),
    ];
    const batch = shape.slice(0, -2);
    const [left, right] = [a, b].map((tensor) => broadcastOffsets(tensor.shape.slice(0, -2), batch));
    const values = new Float64Array(sizeOf(shape));
    for (let i = 0; i < sizeOf(batch); i++) {
      const [startA, startB] = [(left?.[i] ?? 0) * m * k, (right?.[i] ?? 0) * k * n];
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          let sum = 0;
          for (let j = 0; j < k; j++)
            sum += Number(a.data[startA + row * k + j]) * Number(b.data[startB + j * n + column]);
          values[(i * m + row) * n + column] = sum;
        }
      }
    }
    return [tensorOf(a.dtype, shape, values)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [3, 4] },
        { dtype: "float32", shape: [4, 2] },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 3, 4] },
        { dtype: "float32", shape: [4, 2] },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 3, 2, 4] },
        { dtype: "float32", shape: [1, 3, 4, 2] },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 3] },
        { dtype: "float32", shape: [2, 3, 2] },
      ],
    },
  ],
};

function product<D extends Dim>(a: readonly D[], b: readonly D[]): readonly (D | 1)[] {
  return [...broadcastShapes<D | 1>(a.slice(0, -2), b.slice(0, -2)), a.at(-2) ?? 1, b.at(-1) ?? 1];
}

function asRows(x: Value): Value {
  return reshapeTo(x, [productOf(x.dims.slice(0, -1)), x.dims.at(-1) ?? 1]);
}

function reshapeTo(x: Value, dims: Dims): Value {
  return x.dims.join() === dims.join() ? x : reshape(x, dims);
}

/** Matrix product over the last two axes; leading axes broadcast. A vector is a row on the left, a column on the right. */
export function matmul(a: Value, b: Value): Value {
  expectArguments("matmul", { a: [a, aValue], b: [b, aValue] });
  if (a.rank === 1) {
    const row = matmul(reshape(a, [1, ...a.shape]), b);
    return reshape(row, [...row.shape.slice(0, -2), ...row.shape.slice(-1)]);
  }
  if (b.rank === 1) {
    const column = matmul(a, reshape(b, [...b.shape, 1]));
    return reshape(column, column.shape.slice(0, -1));
  }
  return apply(MatMul, [a, b]);
}
