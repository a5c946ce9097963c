/** Pictures resized in a graph, by the engine, against the port of Pillow. */
import fc from "fast-check";
import { Graph, preprocessImage, preprocessInGraph, toPlanes, uint8Tensor, type RgbImage } from "oal-core";
import { expect, test } from "vitest";
import { testEngine as engine } from "../testing/engine.js";
import { preprocessFreely } from "./freeResizing.js";

function noise(height: number, width: number, seed: number): RgbImage {
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => ((i + seed) * 2_654_435_761) >>> 24);
  return { height, width, data };
}

const side = fc.integer({ min: 1, max: 90 });

test("pictures of one size are resized and cropped in a graph, bit for bit as outside of it", async () => {
  const rule = fc.oneof(side, fc.tuple(side, side));
  const cases = fc.sample(
    fc.tuple(side, side, rule, side, fc.constantFrom("bilinear", "bicubic", "nearest")),
    { numRuns: 30, seed: 4 },
  );
  cases.push([301, 450, 64, 56, "bicubic"], [333, 257, 61, 61, "bilinear"], [40, 40, 40, 40, "bilinear"]);
  cases.push([301, 450, [56, 56], 56, "bicubic"], [60, 40, [60, 50], 50, "bilinear"]);
  for (const [height, width, resize, crop, interpolation] of cases) {
    const spec = { resize, crop, interpolation };
    const images = [noise(height, width, 1), noise(height, width, 77)];
    const graph = new Graph();
    const input = graph.input("images", { dtype: "uint8", shape: ["batch", 3, height, width] });
    const output = preprocessInGraph(input, spec);
    expect(output.dims).toEqual(["batch", 3, crop, crop]);
    graph.output("pixels", output);
    const session = await engine.compile(graph);
    const planes = Buffer.concat(images.map((image) => toPlanes(image)));
    const { pixels } = await session.run({ images: uint8Tensor([2, 3, height, width], planes) });
    await session.release();
    const wanted = Buffer.concat(images.map((image) => toPlanes(preprocessImage(image, spec))));
    if (!(pixels?.data instanceof Uint8Array)) throw new Error("no bytes");
    expect(Buffer.compare(pixels.data, wanted), JSON.stringify([height, width, spec])).toBe(0);
  }
});

test("pictures of any size are resized in a graph by the engine, all but equal to Pillow's, at the same place", async () => {
  for (const interpolation of ["bilinear", "bicubic", "nearest"] as const) {
    for (const [resize, crop] of [
      [64, 64],
      [64, 57],
      [[64, 64], 64],
      [[64, 80], 57],
    ] as const) {
      const spec = { resize, crop, interpolation };
      const graph = new Graph();
      const shape = ["batch", 3, "height", "width"];
      graph.output("pixels", preprocessFreely(graph.input("images", { dtype: "uint8", shape }), spec));
      const session = await engine.compile(graph);
      for (const [height, width] of [
        [301, 450],
        [64, 64],
        [40, 33],
      ] as const) {
        const image = noise(height, width, 5);
        const images = uint8Tensor([1, 3, height, width], toPlanes(image));
        const { pixels } = await session.run({ images });
        const wanted = toPlanes(preprocessImage(image, spec));
        const found = Array.from(pixels?.data ?? [], Number);
        expect(found).toHaveLength(wanted.length);
        const worst = wanted.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - (found[i] ?? 999))),
          0,
        );
        expect(worst, JSON.stringify([height, width, spec])).toBeLessThanOrEqual(
          interpolation === "nearest" ? 0 : 6,
        );
      }
      await session.release();
    }
  }
});
