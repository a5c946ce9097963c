/** Normalising layers in the engine's float32, at means that are large beside the deviation. */
import {
  batchNormTraining,
  float32Tensor,
  Graph,
  groupNorm,
  layerNorm,
  Random,
  sizeOf,
  toNumbers,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { runOnce } from "../testing/engine.js";

const shape = [8, 4, 5, 5];
const deviation = 0.7;

/** Uniform values of this mean and the deviation above, rounded to float32. */
function drawn(mean: number): Float32Array {
  const width = deviation * Math.sqrt(12);
  return Float32Array.from(
    new Random(5, "normalisation").uniforms(0, sizeOf(shape)),
    (u) => mean + (u - 0.5) * width,
  );
}

/** Population mean and variance in float64. */
function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

/** Elements by group: all of a channel of the batch, or all of an image's neighbouring channels. */
function normalised(values: Float32Array, groupOf: (image: number, channel: number) => number): number[] {
  const places = 25;
  const groups = Array.from(values, (_, i) =>
    groupOf(Math.floor(i / places / 4), Math.floor(i / places) % 4),
  );
  const found = new Map<number, { mean: number; variance: number }>();
  for (const group of new Set(groups)) {
    found.set(group, moments([...values].filter((_, i) => groups[i] === group)));
  }
  return Array.from(values, (value, i) => {
    const { mean = 0, variance = 1 } = found.get(groups[i] ?? 0) ?? {};
    return (value - mean) / Math.sqrt(variance + 1e-5);
  });
}

async function run(values: Float32Array, build: (x: Value) => Record<string, Value>): Promise<number[][]> {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape });
  for (const [name, value] of Object.entries(build(x))) graph.output(name, value);
  return Object.values(await runOnce(graph, { x: float32Tensor(shape, values) })).map(toNumbers);
}

function constant(graph: Graph, count: number, value: number): Value {
  return graph.constant(float32Tensor([count], new Float32Array(count).fill(value)));
}

/** Inputs of this size are themselves rounded by this much, in deviations. */
function rounding(mean: number): number {
  return 1e-5 + (4 * Math.abs(mean) * 2 ** -24) / deviation;
}

function expectNear(got: readonly number[], want: readonly number[], tolerance: number): void {
  const worst = want.reduce((most, value, i) => Math.max(most, Math.abs(value - (got[i] ?? NaN))), 0);
  expect(worst).toBeLessThan(tolerance);
}

describe.each([0, 100, 1000, -3000, 10_000])("a batch of mean %i", (mean) => {
  const values = drawn(mean);

  it("batch normalisation: output and variance", async () => {
    const [y = [], variance = []] = await run(values, (x) => {
      const [scale, bias] = [constant(x.graph, 4, 1), constant(x.graph, 4, 0)];
      const result = batchNormTraining(x, scale, bias);
      return { y: result.y, variance: result.variance };
    });
    const channels = [0, 1, 2, 3].map(
      (channel) => moments([...values].filter((_, i) => Math.floor(i / 25) % 4 === channel)).variance,
    );
    channels.forEach((want, channel) => expect((variance[channel] ?? NaN) / want).toBeCloseTo(1, 4));
    expectNear(
      y,
      normalised(values, (_, channel) => channel),
      rounding(mean),
    );
  });

  it("group normalisation", async () => {
    const [y = []] = await run(values, (x) => ({
      y: groupNorm(x, 2, constant(x.graph, 4, 1), constant(x.graph, 4, 0)),
    }));
    expectNear(
      y,
      normalised(values, (image, channel) => 2 * image + Math.floor(channel / 2)),
      rounding(mean),
    );
  });

  it("layer normalisation", async () => {
    const [y = []] = await run(values, (x) => {
      const ones = x.graph.constant(float32Tensor([4, 5, 5], new Float32Array(100).fill(1)));
      return { y: layerNorm(x, ones, null, 1e-5, 1) };
    });
    expectNear(
      y,
      normalised(values, (image) => image),
      rounding(mean),
    );
  });
});
