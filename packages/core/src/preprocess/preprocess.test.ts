/** Pre-processing on pictures of a few pixels, by hand. */
import { describe, expect, it } from "vitest";
import { evaluateReference, Graph, toNumbers, uint8Tensor } from "../graph/index.js";
import {
  centreCrop,
  flipImage,
  normalisationOf,
  normaliseBatch,
  normaliseImages,
  preprocessImage,
  resizeImage,
  resizeShorterSide,
  toPlanes,
  type RgbImage,
} from "./index.js";

/** A grey picture. */
const grey = (rows: readonly (readonly number[])[]): RgbImage => ({
  height: rows.length,
  width: rows[0]?.length ?? 0,
  data: Uint8Array.from(rows.flat().flatMap((value) => [value, value, value])),
});
const row = (image: RgbImage): number[] => [...image.data].filter((_, i) => i % 3 === 0);

describe("resizing", () => {
  it("bicubic is Keys' kernel with a = -1/2", () => {
    // Weights at distances 1/4, 3/4, 5/4 and 7/4: 0.8672, 0.2266, -0.0703, -0.0234 of a spike of 100 above 100.
    const made = resizeImage(grey([[100, 100, 100, 200, 100, 100, 100]]), 1, 14, "bicubic");
    expect(row(made)).toEqual([100, 100, 100, 98, 93, 123, 187, 187, 123, 93, 98, 100, 100, 100]);
  });

  it("bilinear widens its kernel when reducing", () => {
    // Half size: weights 1/8, 3/8, 3/8, 1/8; at the edge 3/7, 3/7, 1/7.
    expect(row(resizeImage(grey([[0, 0, 0, 80, 0, 0, 0, 0]]), 1, 4))).toEqual([0, 30, 10, 0]);
    expect(row(resizeImage(grey([[70, 0, 0, 0, 0, 0, 0, 0]]), 1, 4))).toEqual([30, 0, 0, 0]);
  });

  it("the longer side is cut to whole pixels", () => {
    const made = resizeShorterSide(grey(Array.from({ length: 3 }, () => [1, 2, 3, 4, 5])), 4);
    expect([made.height, made.width]).toEqual([4, 6]);
    expect(preprocessImage(made, { resize: 4, crop: 4 })).toMatchObject({ height: 4, width: 4 });
  });
});

describe("the central square", () => {
  it("of an odd margin starts at the even offset", () => {
    const line = (n: number) =>
      grey(Array.from({ length: n }, () => Array.from({ length: n }, (_, i) => i + 1)));
    const starts = [
      [5, 4],
      [7, 4],
      [9, 4],
      [8, 4],
    ].map(([from = 0, to = 0]) => centreCrop(line(from), to).data[0]);
    expect(starts).toEqual([1, 3, 3, 3]);
  });

  it("of a smaller picture is padded with black, less of it before", () => {
    expect(row(centreCrop(grey([[9]]), 2))).toEqual([9, 0, 0, 0]);
    expect(row(centreCrop(grey([[9]]), 3))).toEqual([0, 0, 0, 0, 9, 0, 0, 0, 0]);
  });

  it("mirrors left to right", () => expect(row(flipImage(grey([[1, 2, 3]])))).toEqual([3, 2, 1]));
});

describe("normalisation", () => {
  const image: RgbImage = { height: 1, width: 2, data: Uint8Array.of(0, 51, 102, 153, 204, 255) };

  it("is (pixel / 255 - mean) / std per channel, in a graph as outside", () => {
    const spec = { mean: [0.2, 0.4, 0.6], std: [0.1, 0.2, 0.5] } as const;
    const planes = toPlanes(image);
    expect([...planes]).toEqual([0, 153, 51, 204, 102, 255]);
    const wanted = [-2, 4, -1, 2, -0.4, 0.8].map((value): unknown => expect.closeTo(value, 5));
    expect([...normaliseBatch(planes, 2, spec)]).toEqual(wanted);
    const graph = new Graph();
    const images = uint8Tensor([1, 3, 1, 2], planes);
    graph.output("y", normaliseImages(graph.input("x", images), spec));
    const { y } = evaluateReference(graph, { x: images });
    expect(y && toNumbers(y)).toEqual(wanted);
  });

  it("has the protocol's statistics by name", () => {
    expect(normalisationOf("cifar10")).toEqual({
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.247, 0.2435, 0.2616],
    });
    expect(normalisationOf("cifar100")).toEqual({
      mean: [0.5071, 0.4867, 0.4408],
      std: [0.2675, 0.2565, 0.2761],
    });
    for (const name of ["imagenet", "imagenet200"])
      expect(normalisationOf(name)).toEqual({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
    expect(normalisationOf("unheard of")).toEqual({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
  });
});
