/** What oal-web needs of ONNX Runtime: the part that its packages for the web and for Node have in common. */

/** A tensor that a session gave. */
export interface OrtTensor {
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** A model made ready. */
export interface OrtSession<Value> {
  /** All outputs. */
  run(feeds: Readonly<Record<string, Value>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** `import * as ort from "onnxruntime-web"`, any of its builds, or "onnxruntime-node". */
export interface Ort<Value = never> {
  readonly Tensor: new (type: "uint8", data: Uint8Array, dims: readonly number[]) => Value;
  readonly InferenceSession: {
    create(model: Uint8Array, options?: object): Promise<OrtSession<Value>>;
  };
}
