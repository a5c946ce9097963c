/** Graphs: values, operators, verification, printing, ONNX out. */
export {
  float32Data,
  float32Tensor,
  int64Tensor,
  sizeOf,
  tensorOfBytes,
  toNumbers,
  uint8Tensor,
  zeros,
  type Dim,
  type Dims,
  type DType,
  type Shape,
  type Tensor,
  type TensorData,
  type TensorType,
  type ValueType,
} from "./tensor.js";
export { Graph, type Node, type Operand, type Producer, type Value } from "./value.js";
export {
  defineOperator,
  ShapeProblem,
  type AttributeKind,
  type Attributes,
  type GradientRule,
  type Operator,
  type OperatorDefinition,
  type TestInput,
  type TestPoint,
} from "./operator.js";
export { apply, applyAll } from "./ops/apply.js";
export { operators, type OperatorName } from "./ops/index.js";
export { productOf } from "./dims.js";
export { inline, type InlineOptions } from "./inline.js";
export { verifyGraph } from "./verify.js";
export { bytesOf, graphMemory, type GraphMemory } from "./memory.js";
export { countOperations, type OperationCount } from "./operations.js";
export { printGraph } from "./print.js";
export { shortestFloat32 } from "./shortest.js";
export { evaluateReference } from "./interpret.js";
export { readModel, type ReadModel, type ReadOptions } from "./onnx/read.js";
export { modelMetadata } from "./onnx/metadata.js";
export { dataFilesOf, type ExternalBytes } from "./onnx/readTensor.js";
export type { OpaqueNode } from "./onnx/opaque.js";
export { modelParts, weightBytes, writeModel, type ModelParts, type WriteOptions } from "./onnx/write.js";
export { writtenOpset } from "./onnx/opsets.js";
export * from "./functions/index.js";
export { readNpy } from "./npy.js";
