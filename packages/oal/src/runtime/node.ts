/** ONNX Runtime's Node binding behind the Session interface. The only place that imports it. */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import {
  type DType,
  expectArguments,
  type Graph,
  kind,
  kinds,
  oalError,
  type Session,
  type Tensor,
  type TensorData,
  verifyGraph,
  writeModel,
  zeros,
} from "oal-core";
import { currentThreads } from "./threads.js";

/** How a session is made. */
export interface SessionOptions {
  /**
   * Threads inside one operator; 0: the engine's choice, one per core. Default: those of the work that makes the session
   * (`withThreads`). Results do not depend on it.
   */
  readonly threads?: number;
  /** "all" fuses and picks layouts (evaluation); "basic" is quicker to prepare. Default "all". */
  readonly optimization?: "disabled" | "basic" | "all";
}

const aModel = kind(
  "the bytes of a model or its path",
  (value) => value instanceof Uint8Array || (typeof value === "string" && value !== ""),
);
const sessionOptions = kinds.fields({
  threads: kinds.optional(kinds.count),
  optimization: kinds.optional(kinds.oneOf(["disabled", "basic", "all"])),
});

type Engine = typeof import("onnxruntime-node");

const ortTypes = new Map<string, DType>([
  ["float32", "float32"],
  ["float64", "float64"],
  ["int64", "int64"],
  ["int32", "int32"],
  ["bool", "bool"],
  ["uint8", "uint8"],
]);

/**
 * Prepares a serialised model.
 *
 * @param model bytes of an ONNX model, or the path of one
 * @throws OAL-R101 when ONNX Runtime refuses the model
 */
export async function createSession(
  model: Uint8Array | string,
  options: SessionOptions = {},
): Promise<Session> {
  expectArguments("createSession", { model: [model, aModel], options: [options, sessionOptions] });
  const threads = options.threads ?? currentThreads();
  const settings: InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    graphOptimizationLevel: options.optimization ?? "all",
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(threads === 0 ? {} : { intraOpNumThreads: threads }),
  };
  try {
    // Loaded here and not above: who only reads results or configurations need not wait for the engine.
    const engine = await import("onnxruntime-node");
    const session =
      typeof model === "string"
        ? await engine.InferenceSession.create(model, settings)
        : await engine.InferenceSession.create(model, settings);
    return new NodeSession(engine, session);
  } catch (error) {
    throw oalError("OAL-R101", { problem: error instanceof Error ? error.message : String(error) }, error);
  }
}

/** Verifies, serialises and prepares a graph. */
export async function compile(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  verifyGraph(graph);
  return createSession(writeModel(graph), options);
}

/** Runs a graph once: compile, run, release. For small computations. */
export async function runOnce(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const session = await compile(graph);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

class NodeSession implements Session {
  readonly #engine: Engine;
  readonly #session: InferenceSession;

  constructor(engine: Engine, session: InferenceSession) {
    this.#engine = engine;
    this.#session = session;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const native: Record<string, OrtTensor> = {};
    for (const name of this.#session.inputNames) {
      const tensor = feeds[name];
      if (!tensor) throw oalError("OAL-R102", { input: name, problem: "not fed" });
      native[name] = toNative(this.#engine, tensor);
    }
    let results: InferenceSession.OnnxValueMapType;
    try {
      results = await this.#session.run(native);
    } catch (error) {
      throw oalError(
        "OAL-R102",
        { input: "all", problem: error instanceof Error ? error.message : String(error) },
        error,
      );
    }
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, fromNative(name, value)]),
    );
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function toNative({ Tensor: OrtTensor }: Engine, tensor: Tensor): OrtTensor {
  // ONNX Runtime holds an empty tensor only when its data is its own.
  const data = tensor.data.length === 0 ? zeros(tensor.dtype, 0) : tensor.data;
  const { dtype } = tensor;
  const shape = [...tensor.shape];
  if (data instanceof Float32Array) return new OrtTensor("float32", data, shape);
  if (data instanceof Float64Array) return new OrtTensor("float64", data, shape);
  if (data instanceof BigInt64Array) return new OrtTensor("int64", data, shape);
  if (data instanceof Int32Array) return new OrtTensor("int32", data, shape);
  return dtype === "bool" ? new OrtTensor("bool", data, shape) : new OrtTensor("uint8", data, shape);
}

function fromNative(name: string, value: InferenceSession.OnnxValueMapType[string]): Tensor {
  const dtype = ortTypes.get(value.type);
  const data = value.data;
  if (dtype === undefined || !isTensorData(data)) {
    throw oalError("OAL-R102", {
      input: name,
      problem: `output of element type ${value.type} is not supported`,
    });
  }
  return { dtype, shape: [...value.dims], data };
}

function isTensorData(data: unknown): data is TensorData {
  return (
    data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof BigInt64Array ||
    data instanceof Int32Array ||
    data instanceof Uint8Array
  );
}
