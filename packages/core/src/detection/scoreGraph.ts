/** Detectors attached to graphs: to a model's own graph for export, or alone for scores of stored outputs. */
import { expectArguments, kind, kinds } from "../errors/index.js";
import { Graph, type Tensor, type Value } from "../graph/index.js";
import { aValue } from "../graph/ops/operands.js";
import { aDetector, type Detector, type FitBatch } from "./detector.js";

const modelOutputs = kinds.fields({ logits: aValue, features: aValue });
const staticSizes = kinds.fields({ rows: kinds.count, classes: kinds.count, featureSize: kinds.count });

/**
 * Adds a detector's confidence to a graph, its fitted tensors as constants.
 *
 * @param detector  the detector
 * @param outputs  the model's logits [N, C] and penultimate features [N, d], values of one graph
 * @param fitted  what `detector.fit` returned
 * @param parameters  hyper-parameters by name
 * @returns confidence float32 [N]
 * @throws OAL-E202, OAL-E203 as `Detector.score`
 */
export function attachDetector(
  detector: Detector,
  outputs: { readonly logits: Value; readonly features: Value },
  fitted: Readonly<Record<string, Tensor>>,
  parameters: Readonly<Record<string, unknown>> = {},
): Value {
  expectArguments("attachDetector", {
    detector: [detector, aDetector],
    outputs: [outputs, modelOutputs],
    fitted: [fitted, kinds.record],
    parameters: [parameters, kinds.record],
  });
  const { graph } = outputs.logits;
  return detector.score(graph, { ...outputs, fitted: constants(graph, detector, fitted) }, parameters);
}

/**
 * A graph of the detector alone: inputs among "logits" [rows, classes] and "features" [rows, featureSize] as needed, output "confidence" [rows].
 *
 * @param size  the static sizes
 * @throws OAL-E202, OAL-E203 as `Detector.score`
 */
export function detectorGraph(
  detector: Detector,
  size: { readonly rows: number; readonly classes: number; readonly featureSize: number },
  fitted: Readonly<Record<string, Tensor>>,
  parameters: Readonly<Record<string, unknown>> = {},
): Graph {
  expectArguments("detectorGraph", {
    detector: [detector, aDetector],
    size: [size, staticSizes],
    fitted: [fitted, kinds.record],
    parameters: [parameters, kinds.record],
  });
  const graph = new Graph();
  const input = (name: "logits" | "features", width: number): Record<string, Value> =>
    detector.needs.includes(name)
      ? { [name]: graph.input(name, { dtype: "float32", shape: [size.rows, width] }) }
      : {};
  const outputs = { ...input("logits", size.classes), ...input("features", size.featureSize) };
  const inputs = { ...outputs, fitted: constants(graph, detector, fitted) };
  graph.output("confidence", detector.score(graph, inputs, parameters));
  return graph;
}

function constants(
  graph: Graph,
  detector: Detector,
  fitted: Readonly<Record<string, Tensor>>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(fitted).map(([name, tensor]) => [name, graph.constant(tensor, `${detector.id}.${name}`)]),
  );
}

const storedOutputs = kinds.fields({
  classes: kinds.count,
  featureSize: kinds.count,
  labels: kind("an Int32Array", (value) => value instanceof Int32Array),
  logits: kinds.float32,
  features: kinds.float32,
});

/**
 * Stored outputs as a stream of batches.
 *
 * @param outputs  flat arrays of all samples
 * @param batch  rows per batch; default 1024
 */
export function* batches(outputs: Omit<FitBatch, "count">, batch = 1024): Generator<FitBatch, void> {
  expectArguments("batches", { outputs: [outputs, storedOutputs], batch: [batch, kinds.positiveCount] });
  const { classes, featureSize, labels, logits, features } = outputs;
  for (let start = 0; start < labels.length; start += batch) {
    const end = Math.min(start + batch, labels.length);
    yield {
      count: end - start,
      classes,
      featureSize,
      labels: labels.subarray(start, end),
      logits: logits.subarray(start * classes, end * classes),
      features: features.subarray(start * featureSize, end * featureSize),
    };
  }
}
