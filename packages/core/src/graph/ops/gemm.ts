/** Operator Gemm: alpha A B + beta C on matrices, each optionally transposed. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { float, int, ShapeProblem, type Attributes, type Operator, type TestPoint } from "../operator.js";
import type { Shape, Dim } from "../tensor.js";
import type { Value } from "../value.js";
import { at, canBeEqual, floatAt, flowing, inputOf, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { broadcastOffsets, broadcastShapes, tensorOf } from "./broadcasting.js";
import { mul } from "./mul.js";
import { sumTo } from "./sums.js";

export const Gemm: Operator = {
  name: "Gemm",
  sinceOpset: 11,
  attributes: { alpha: "float", beta: "float", transA: "int", transB: "int" },
  infer: (inputs, attributes) => {
    const [a, b] = [floatAt(inputs, 0), floatAt(inputs, 1)];
    if (a.shape.length !== 2 || b.shape.length !== 2) throw new ShapeProblem("both factors must be matrices");
    const { m, n, k, inner } = sizes(a.shape, b.shape, attributes);
    if (!canBeEqual(k, inner)) throw new ShapeProblem(`inner sizes ${k} and ${inner} differ`);
    const c = inputs[2];
    if (c && broadcastShapes<Dim>(c.shape, [m, n]).join() !== `${m},${n}`) {
      throw new ShapeProblem(`the added [${c.shape.join(", ")}] does not stretch to [${m}, ${n}]`);
    }
    return [{ dtype: a.dtype, shape: [m, n] }];
  },
  gradient: (node, outputGradients, wants) => {
    const [a, b, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
    const { transA, transB, alpha } = flagsOf(node.attributes);
    const leftGradient = (): Value =>
      transA
        ? gemm(b, dy, null, { transA: transB, transB: true, alpha })
        : gemm(dy, b, null, { transB: !transB, alpha });
    const rightGradient = (): Value =>
      transB
        ? gemm(dy, a, null, { transA: true, transB: transA, alpha })
        : gemm(a, dy, null, { transA: !transA, alpha });
    const beta = float(node.attributes, "beta", 1);
    const addedGradient = (): Value => {
      const dc = sumTo(dy, inputOf(node, 2).dims);
      return beta === 1 ? dc : mul(dc, beta);
    };
    return [
      wants(0) ? leftGradient() : null,
      wants(1) ? rightGradient() : null,
      wants(2) ? addedGradient() : null,
    ];
  },
  reference: (inputs, attributes) => {
    const [a, b] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const { m, n, k } = sizes(a.shape, b.shape, attributes);
    const { transA, transB, alpha } = flagsOf(attributes);
    const c = inputs[2];
    const added = c ? broadcastOffsets(c.shape, [m, n]) : null;
    const values = new Float64Array(m * n);
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let j = 0; j < k; j++) {
          const left = Number(a.data[transA ? j * m + row : row * k + j]);
          sum += left * Number(b.data[transB ? column * k + j : j * n + column]);
        }
        const bias =
          c && added ? float(attributes, "beta", 1) * Number(c.data[at(added, row * n + column)]) : 0;
        values[row * n + column] = alpha * sum + bias;
      }
    }
    return [tensorOf(a.dtype, [m, n], values)];
  },
  testPoints: [
    point([3, 4], [4, 2], null, {}),
    point([3, 4], [2, 4], [2], { transB: 1 }),
    point([4, 3], [4, 2], [3, 1], { transA: 1, alpha: 0.5, beta: 2 }),
    point([4, 3], [2, 4], [], { transA: 1, transB: 1 }),
  ],
};

function point(a: Shape, b: Shape, c: Shape | null, attributes: Attributes): TestPoint {
  return {
    inputs: [
      { dtype: "float32", shape: a },
      { dtype: "float32", shape: b },
      c ? { dtype: "float32", shape: c } : null,
    ],
    attributes,
  };
}

function flagsOf(attributes: Attributes): { transA: boolean; transB: boolean; alpha: number } {
  return {
    transA: int(attributes, "transA", 0) === 1,
    transB: int(attributes, "transB", 0) === 1,
    alpha: float(attributes, "alpha", 1),
  };
}

function sizes<D extends Dim>(
  a: readonly D[],
  b: readonly D[],
  attributes: Attributes,
): { m: D; n: D; k: D; inner: D } {
  const { transA, transB } = flagsOf(attributes);
  return {
    m: at(a, transA ? 1 : 0),
    k: at(a, transA ? 0 : 1),
    inner: at(b, transB ? 1 : 0),
    n: at(b, transB ? 0 : 1),
  };
}

/** Options of {@link gemm}: transposed factors and a factor of the product. */
export interface GemmOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly alpha?: number;
}

const gemmOptions = kinds.fields({ alpha: kinds.optional(kinds.finite) });

/** alpha A' B' + C on matrices, where ' transposes when asked; C (or null) stretches to the result. */
export function gemm(a: Value, b: Value, c: Value | null = null, options: GemmOptions = {}): Value {
  expectArguments("gemm", { a: [a, aValue], b: [b, aValue], options: [options, gemmOptions] });
  const attributes: Record<string, number> = {};
  if (options.transA) attributes["transA"] = 1;
  if (options.transB) attributes["transB"] = 1;
  if (options.alpha !== undefined && options.alpha !== 1) attributes["alpha"] = options.alpha;
  return apply(Gemm, [a, b, c], attributes);
}
