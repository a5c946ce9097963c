/** ONNX Runtime's Node binding behind the Session interface: tensors in and out, sessions made. Only engines/ imports the binding. */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import {
  type DType,
  type OalError,
  oalError,
  type Session,
  type Tensor,
  type TensorData,
  type ValueInfo,
  zeros,
} from "oal-core";

/** The binding. */
type Binding = typeof import("onnxruntime-node");

/** A prepared model, and the binding that prepared it. */
interface NativeModel {
  readonly binding: Binding;
  readonly session: InferenceSession;
}

/** How ONNX Runtime prepares a model. */
export type NativeSettings = InferenceSession.SessionOptions;

/** The element types that the binding carries, under the same names; it has no bfloat16. */
const ortTypes = new Map<string, DType>(
  (
    [
      "float32",
      "float64",
      "float16",
      "int64",
      "int32",
      "int16",
      "int8",
      "uint64",
      "uint32",
      "uint16",
      "uint8",
      "bool",
    ] as const
  ).map((dtype) => [dtype, dtype]),
);

/**
 * Prepares a serialised model.
 *
 * @param model bytes of an ONNX model, or the path of one
 * @throws OAL-R101 when ONNX Runtime refuses the model
 */
export async function nativeSession(model: Uint8Array | string, settings: NativeSettings): Promise<Session> {
  return new NativeSession(await prepare(model, settings));
}

/** As {@link nativeSession}, as the binding has it. */
export async function prepare(model: Uint8Array | string, settings: NativeSettings): Promise<NativeModel> {
  try {
    // Loaded here and not above: who only reads results or configurations need not wait for the engine.
    const binding = await import("onnxruntime-node");
    const session =
      typeof model === "string"
        ? await binding.InferenceSession.create(model, settings)
        : await binding.InferenceSession.create(model, settings);
    return { binding, session };
  } catch (error) {
    throw oalError("OAL-R101", { problem: error instanceof Error ? error.message : String(error) }, error);
  }
}

/**
 * Runs a prepared model on tensors of the binding.
 *
 * @throws OAL-R102 when an input is of the wrong shape or element type, or an output is not there
 */
export async function runNative(
  { session }: NativeModel,
  feeds: Record<string, OrtTensor>,
  fetch?: readonly string[],
): Promise<InferenceSession.OnnxValueMapType> {
  try {
    return await (fetch ? session.run(feeds, fetch) : session.run(feeds));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw oalError("OAL-R102", { input: "all", problem }, error);
  }
}

class NativeSession implements Session {
  readonly #model: NativeModel;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];

  constructor(model: NativeModel) {
    this.#model = model;
    this.inputs = model.session.inputMetadata.map(valueInfo);
    this.outputs = model.session.outputMetadata.map(valueInfo);
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    fetch?: readonly string[],
  ): Promise<Record<string, Tensor>> {
    const native: Record<string, OrtTensor> = {};
    for (const { name } of this.inputs) native[name] = toNative(this.#model.binding, name, feeds[name]);
    const results = await runNative(this.#model, native, fetch);
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, fromNative(name, value)]),
    );
  }

  async release(): Promise<void> {
    await this.#model.session.release();
  }
}

function valueInfo(metadata: InferenceSession.ValueMetadata): ValueInfo {
  return metadata.isTensor
    ? { name: metadata.name, dtype: metadata.type, shape: [...metadata.shape] }
    : { name: metadata.name, dtype: "no tensor", shape: [] };
}

/** A tensor as the binding wants it. @throws OAL-R102 when it is not there, or of an element type that the binding does not have */
export function toNative(
  { Tensor: OrtTensor }: Binding,
  name: string,
  tensor: Tensor | undefined,
): OrtTensor {
  if (!tensor) throw oalError("OAL-R102", { input: name, problem: "not fed" });
  // ONNX Runtime holds an empty tensor only when its data is its own.
  const data = tensor.data.length === 0 ? zeros(tensor.dtype, 0) : tensor.data;
  const { dtype } = tensor;
  const shape = [...tensor.shape];
  if (data instanceof Float32Array) return new OrtTensor("float32", data, shape);
  if (data instanceof Float64Array) return new OrtTensor("float64", data, shape);
  if (data instanceof BigInt64Array) return new OrtTensor("int64", data, shape);
  if (data instanceof Int32Array) return new OrtTensor("int32", data, shape);
  if (data instanceof BigUint64Array) return new OrtTensor("uint64", data, shape);
  if (data instanceof Uint32Array) return new OrtTensor("uint32", data, shape);
  if (data instanceof Int16Array) return new OrtTensor("int16", data, shape);
  if (data instanceof Int8Array) return new OrtTensor("int8", data, shape);
  if (data instanceof Uint8Array)
    return dtype === "bool" ? new OrtTensor("bool", data, shape) : new OrtTensor("uint8", data, shape);
  if (dtype === "bfloat16")
    throw oalError("OAL-R102", { input: name, problem: "ONNX Runtime's binding cannot be fed bfloat16" });
  return dtype === "float16" ? new OrtTensor("float16", data, shape) : new OrtTensor("uint16", data, shape);
}

/** A tensor of the binding that lies in this process. @throws OAL-R102 for an element type that oal does not have */
export function fromNative(name: string, value: InferenceSession.OnnxValueMapType[string]): Tensor {
  const dtype = dtypeOf(name, value.type);
  const data = dtype === "float16" && ArrayBuffer.isView(value.data) ? bitsOf(value.data) : value.data;
  if (!isTensorData(data)) throw unsupported(name, value.type);
  return { dtype, shape: [...value.dims], data };
}

/** The element type of a tensor of the binding. @throws OAL-R102 for one that oal does not have */
export function dtypeOf(name: string, type: string): DType {
  const dtype = ortTypes.get(type);
  if (dtype === undefined) throw unsupported(name, type);
  return dtype;
}

function unsupported(name: string, type: string): OalError {
  return oalError("OAL-R102", { input: name, problem: `output of element type ${type} is not supported` });
}

/** Newer versions of Node have a Float16Array, which the binding then uses. */
function bitsOf(halves: ArrayBufferView): Uint16Array {
  return new Uint16Array(halves.buffer, halves.byteOffset, halves.byteLength / 2);
}

function isTensorData(data: unknown): data is TensorData {
  return (
    data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof BigInt64Array ||
    data instanceof BigUint64Array ||
    data instanceof Int32Array ||
    data instanceof Uint32Array ||
    data instanceof Int16Array ||
    data instanceof Uint16Array ||
    data instanceof Int8Array ||
    data instanceof Uint8Array
  );
}
