import { expect, it } from "vitest";
import { Graph, Random, float32Data, float32Tensor } from "oal-core";
import { EvaluationContext, TrainingContext } from "../nn/context.js";
import { initializeParameters } from "../nn/parameters.js";
import { diffusionRows } from "../outliers/diffusion/graphs.js";
import { pixelAttention } from "../outliers/diffusion/blocks.js";
import { runOnce } from "../testing/engine.js";
import { autoEncoderRows, passRows } from "./passRows.js";

it("pictures of 32 pixels keep their batch; larger ones have at most as many pixels a batch", () => {
  expect([passRows(250, 16), passRows(250, 32), passRows(1, 224)]).toEqual([250, 250, 1]);
  for (const side of [33, 64, 96, 224])
    expect(passRows(250, side) * side ** 2).toBeLessThanOrEqual(250 * 32 ** 2);
  expect([64, 128, 224].map((side) => autoEncoderRows(32, side))).toEqual([32, 8, 4]);
  expect(autoEncoderRows(2, 224)).toBe(2);
  // guidance puts two latents of one picture into one call
  expect([16, 32, 96, 224].map((side) => diffusionRows(side))).toEqual([64, 64, 6, 2]);
});

/** Attention over a map of this side: its largest value, in elements, and its result on seeded pixels. */
async function attended(
  side: number,
): Promise<{ largest: number; result: Float32Array; pixels: Float32Array }> {
  const draft = new Graph();
  const trained = new TrainingContext(draft);
  pixelAttention(trained, draft.input("x", { dtype: "float32", shape: [1, 8, side, side] }), 2);
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [1, 8, side, side] });
  const y = pixelAttention(new EvaluationContext(graph, initializeParameters(trained.specs, 1)), x, 2);
  graph.output("y", y);
  const sizes = graph.nodes.flatMap(({ outputs }) =>
    outputs.map(({ shape }) => shape.reduce((a, b) => a * b, 1)),
  );
  const pixels = new Random(1, "test/attention").normals(0, 8 * side * side);
  const found = await runOnce(graph, { x: float32Tensor(x.shape, pixels) });
  return {
    largest: Math.max(...sizes),
    result: found["y"] ? float32Data(found["y"]) : new Float32Array(),
    pixels,
  };
}

it("attention of a large map looks at means, so that its memory grows with the pixels", async () => {
  expect((await attended(16)).largest).toBe(2 * 256 * 256);
  const { largest, result, pixels } = await attended(40);
  expect(largest).toBeLessThanOrEqual(2 * 1600 * 256);
  expect(result.every(Number.isFinite)).toBe(true);
  expect(result).not.toEqual(pixels);
});
