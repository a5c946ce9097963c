/** A model file as someone else might have written it: normalised pictures in, class scores out, its weights under PyTorch's names. */
import {
  add,
  batchNormInference,
  conv2d,
  float32Tensor,
  gemm,
  globalAveragePool,
  Graph,
  mul,
  Random,
  relu,
  sizeOf,
  writeModel,
  type Tensor,
} from "oal-core";

/** The file's classes. */
export const foreignClasses = 5;
/** The width of its features. */
export const foreignWidth = 6;

/** Numbers of a name. */
export function drawnTensor(name: string, shape: readonly number[], spread = 0.5): Tensor {
  const values = new Random(3, "foreign model").derive(name).normals(0, sizeOf(shape));
  return float32Tensor(
    shape,
    values.map((value) => value * spread),
  );
}

/**
 * Convolution, BatchNormalization, a block with a shortcut, convolution, pooling, one dense layer.
 *
 * @param size height and width of its pictures
 * @returns the bytes of the ONNX file
 */
export function foreignModel(size: number): Uint8Array {
  const graph = new Graph();
  const constant = (name: string, shape: readonly number[]) => graph.constant(drawnTensor(name, shape), name);
  const input = graph.input("input", { dtype: "float32", shape: ["batch", 3, size, size] });
  const stem = conv2d(input, constant("stem.weight", [4, 3, 3, 3]), undefined, { pads: 1, strides: 2 });
  const variance = graph.constant(float32Tensor([4], [1, 2, 3, 4]), "bn.running_var");
  const [scale, bias, mean] = ["bn.weight", "bn.bias", "bn.running_mean"].map((name) => constant(name, [4]));
  if (!scale || !bias || !mean) throw new RangeError("three vectors");
  const first = relu(batchNormInference(stem, scale, bias, mean, variance));
  const inner = mul(relu(conv2d(first, constant("block.weight", [4, 4, 3, 3]), undefined, { pads: 1 })), 0.5);
  const last = conv2d(add(inner, first), constant("last.weight", [foreignWidth, 4, 1, 1]));
  const features = globalAveragePool(relu(last));
  const weight = constant("fc.weight", [foreignClasses, foreignWidth]);
  graph.output("scores", gemm(features, weight, constant("fc.bias", [foreignClasses]), { transB: true }));
  return writeModel(graph);
}
