/** The logits that a score is computed from, which its graph holds: what a detector calls an image by is their largest. */
import {
  detectorGraph,
  float32Data,
  type Engine,
  type FitHead,
  type FittedDetector,
  type Value,
} from "oal-core";
import { outputSizes, type OutputSet } from "../../packages/oal/src/evaluation/outputs.js";

/** What goes into the energy or the softmax that a confidence is made of, [N, C]. */
export function shapedLogits(confidence: Value): Value {
  for (let value: Value | null | undefined = confidence; value?.node;) {
    const { operator, inputs }: NonNullable<Value["node"]> = value.node;
    const [first] = inputs;
    if (first && ["ReduceLogSumExp", "Softmax"].includes(operator.name)) return first;
    value = inputs.find((input) => input?.node);
  }
  throw new Error("no energy and no softmax stands behind the confidence");
}

/** The shaped logits of a detector of features, [n, C] flat. */
export async function shapedOfFeatures(
  engine: Engine,
  { detector, fitted, parameters }: FittedDetector,
  set: OutputSet,
  head: FitHead,
): Promise<Float32Array> {
  const rows = set.labels.length;
  const graph = detectorGraph(detector, { rows, ...outputSizes([set]) }, fitted, parameters, head);
  const confidence = graph.outputs.get("confidence");
  if (!confidence) throw new Error("no confidence");
  graph.output("shaped", shapedLogits(confidence));
  const { width: classes } = set.logits;
  const { width: size } = set.features;
  const given = {
    logits: { dtype: "float32", shape: [rows, classes], data: set.logits.read(0, rows) },
    features: { dtype: "float32", shape: [rows, size], data: set.features.read(0, rows) },
  } as const;
  const session = await engine.compile(graph);
  try {
    const wanted = Object.fromEntries(
      Object.entries(given).filter(([name]) => graph.inputs.some((input) => input.name === name)),
    );
    const { shaped } = await session.run(wanted, ["shaped"]);
    if (!shaped) throw new Error("no logits");
    return float32Data(shaped);
  } finally {
    await session.release();
  }
}
