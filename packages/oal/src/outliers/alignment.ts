/**
 * A map from the teacher's features into the space of a text encoder's token embeddings, trained as DREAM-OOD trains its image encoder
 * (Du et al. 2023, Dream the Impossible; METHOD 9, note a): cosines between mapped features and the classes' tokens, over a
 * temperature, are logits for cross-entropy. There the whole network is trained; here the teacher stays as it is and a linear map
 * is, so that any teacher serves.
 */
import {
  Graph,
  Random,
  add,
  div,
  float32Data,
  float32Tensor,
  int64Tensor,
  linear,
  mul,
  oalError,
  reduceSum,
  sqrt,
  type Engine,
  type Tensor,
  type Value,
} from "oal-core";
import { z } from "zod";
import { positive, real, whole } from "../fields.js";
import { linearLayer } from "../nn/layers/linear.js";
import { crossEntropy } from "../nn/losses/crossEntropy.js";
import type { TrainingTask } from "../training/task.js";
import { epochRows } from "./diffusion/tasks.js";

/** Section `alignment`. Defaults: those of DREAM-OOD. */
export const alignmentSchema = z.strictObject({
  epochs: positive(200, 100_000, "passes over the teacher's features of the training images"),
  batchSize: whole(256, 2, 65_536, "features per step"),
  learningRate: positive(0.1, 100, "learning rate of SGD with Nesterov momentum 0.9, falling to a 1e-5th"),
  weightDecay: real(5e-4, 0, 1, "weight decay"),
  temperature: positive(0.1, 100, "what cosines are divided by"),
});

/** A linear map. */
export interface Alignment {
  /** float32 [W, D]. */
  readonly weight: Tensor;
  /** float32 [W]. */
  readonly bias: Tensor;
}

/** What the map is trained on. */
export interface AlignmentTaskOptions {
  /** The teacher's features, [N, D], of any norm. */
  readonly features: Float32Array;
  readonly dimension: number;
  /** Class of each row. */
  readonly labels: ArrayLike<number>;
  /** The classes' anchors, [C, W], of any norm. */
  readonly anchors: Float32Array;
  readonly classes: number;
  readonly temperature: number;
  readonly batchSize: number;
  readonly seed: number;
}

/** The map's training task; parameters `map.weight` and `map.bias`. */
export function alignmentTask(options: AlignmentTaskOptions): TrainingTask {
  const { features, dimension, labels, anchors, classes, temperature, batchSize, seed } = options;
  const rows = epochRows(new Random(seed, "alignment/order"), labels.length, batchSize);
  const width = anchors.length / classes;
  return {
    inputs: {
      features: { dtype: "float32", shape: [batchSize, dimension] },
      labels: { dtype: "int64", shape: [batchSize] },
    },
    build: (context, { features: given, labels: wanted }) => {
      if (!given || !wanted) throw oalError("OAL-X101", { problem: "an alignment without its inputs" });
      const mapped = linearLayer(context.child("map"), standardised(given), width);
      const tokens = unitRows(context.graph.constant(float32Tensor([classes, width], anchors)));
      const logits = mul(linear(unitRows(mapped), tokens), 1 / temperature);
      const loss = crossEntropy(logits, wanted);
      return { total: loss, terms: { cosine: loss } };
    },
    batch: (step): Record<string, Tensor> => {
      const chosen = rows(step);
      const values = new Float32Array(batchSize * dimension);
      chosen.forEach((row, i) =>
        values.set(features.subarray(row * dimension, (row + 1) * dimension), i * dimension),
      );
      return {
        features: float32Tensor([batchSize, dimension], values),
        labels: int64Tensor(
          [batchSize],
          Array.from(chosen, (row) => labels[row] ?? 0),
        ),
      };
    },
  };
}

/** The map of a trained task's parameters. @throws OAL-X101 when it is not among them */
export function alignmentOf(parameters: ReadonlyMap<string, Tensor>): Alignment {
  const [weight, bias] = [parameters.get("map.weight"), parameters.get("map.bias")];
  if (!weight || !bias) throw oalError("OAL-X101", { problem: "an alignment without its map" });
  return { weight, bias };
}

/** Rows of one call of the map. */
const rowsAtOnce = 1024;

/**
 * Features through the map.
 *
 * @param features [N, D], of any norm
 * @returns [N, W]
 */
export async function mapFeatures(
  engine: Engine,
  { weight, bias }: Alignment,
  features: Float32Array,
): Promise<Float32Array> {
  const [width = 0, dimension = 0] = weight.shape;
  const count = features.length / dimension;
  const rows = Math.max(1, Math.min(rowsAtOnce, count));
  const graph = new Graph();
  const given = graph.input("features", { dtype: "float32", shape: [rows, dimension] });
  graph.output("mapped", linear(standardised(given), graph.constant(weight), graph.constant(bias)));
  const session = await engine.compile(graph);
  const mapped = new Float32Array(count * width);
  try {
    for (let begin = 0; begin < count; begin += rows) {
      const some = new Float32Array(rows * dimension);
      some.set(features.subarray(begin * dimension, (begin + rows) * dimension));
      const { mapped: found } = await session.run({ features: float32Tensor([rows, dimension], some) });
      if (!found) throw oalError("OAL-X101", { problem: "an alignment without output" });
      const own = Math.min(rows, count - begin);
      mapped.set(float32Data(found).subarray(0, own * width), begin * width);
    }
  } finally {
    await session.release();
  }
  return mapped;
}

/** Rows of length 1. */
function unitRows(x: Value): Value {
  return div(x, sqrt(add(reduceSum(mul(x, x), [1], true), 1e-12)));
}

/** Rows of length √D, whatever the teacher's scale is. */
function standardised(x: Value): Value {
  return mul(unitRows(x), Math.sqrt(x.size(1)));
}
