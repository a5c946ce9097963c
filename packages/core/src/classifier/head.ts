/** The last layer of a foreign model as a {@link Head}: logits = features W^T + b, whatever form the file has it in. */
import { add, cast, concat, div, float32Tensor, gemm, mul, reshape, sub, transpose } from "../graph/index.js";
import type { Graph, Value } from "../graph/value.js";
import type { LinearLayer, TailStep } from "./tail.js";
import type { Head } from "./taps.js";

/** A value as float32. */
export function asFloat32(value: Value): Value {
  return value.dtype === "float32" ? value : cast(value, "float32");
}

/**
 * A head whose weight and bias are made of the file's constants.
 *
 * @param of what stands for a value of the file in this graph
 * @param isBinary whether the one score of the file tells two classes: the first one's score is 0 then
 */
export function foreignHead(
  graph: Graph,
  layer: LinearLayer,
  steps: readonly TailStep[],
  { classes, isBinary, of }: { classes: number; isBinary: boolean; of: (value: Value) => Value },
): Head {
  let made: { weight: Value; bias: Value } | undefined;
  const parts = (): { weight: Value; bias: Value } => (made ??= build());
  const build = (): { weight: Value; bias: Value } => {
    const { node, form, width } = layer;
    let weight = asFloat32(of(layer.weight));
    if (form === "conv") weight = reshape(weight, [classes, width]);
    else if (form === "matmul" || node.attributes["transB"] !== 1) weight = transpose(weight, [1, 0]);
    let bias = layer.bias ? vector(of(layer.bias), classes) : zerosOf(graph, classes);
    const factor = (name: string): number => {
      const given = form === "gemm" ? node.attributes[name] : undefined;
      return typeof given === "number" ? given : 1;
    };
    if (factor("alpha") !== 1) weight = mul(weight, factor("alpha"));
    if (factor("beta") !== 1) bias = mul(bias, factor("beta"));
    for (const { type, operand } of steps) {
      const by = vector(of(operand), classes);
      if (type === "Add") bias = add(bias, by);
      else if (type === "Sub") bias = sub(bias, by);
      else {
        const scale = type === "Mul" ? mul : div;
        [weight, bias] = [scale(weight, reshape(by, [classes, 1])), scale(bias, by)];
      }
    }
    if (!isBinary) return { weight, bias };
    const rows = graph.constant(float32Tensor([1, width], new Float32Array(width)));
    return { weight: concat([rows, weight], 0), bias: concat([zerosOf(graph, 1), bias], 0) };
  };
  return {
    get weight() {
      return parts().weight;
    },
    get bias() {
      return parts().bias;
    },
    apply: (features) => gemm(features, parts().weight, parts().bias, { transB: true }),
  };
}

function zerosOf(graph: Graph, count: number): Value {
  return graph.constant(float32Tensor([count], new Float32Array(count)));
}

/** One number, or one per class, as [classes]. */
function vector(value: Value, classes: number): Value {
  const count = value.dims.reduce<number>((all, size) => all * (typeof size === "number" ? size : 1), 1);
  const flat = reshape(asFloat32(value), [count]);
  return count === classes ? flat : add(zerosOf(value.graph, classes), flat);
}
