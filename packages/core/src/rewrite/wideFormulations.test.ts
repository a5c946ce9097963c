/** What a wide card is given in the place of gradients and sums, and that it means the same, by the plain interpreter. */
import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.js";
import {
  batchNormTraining,
  conv2d,
  evaluateReference,
  float32Tensor,
  Graph,
  linear,
  mul,
  reduceSum,
  sizeOf,
  sumOfSquares,
  sumOver,
  toNumbers,
  type ConvOptions,
  type Shape,
  type Tensor,
  type Value,
} from "../graph/index.js";
import { reachable } from "../graph/prune.js";
import { Random } from "../random/index.js";
import { useWideFormulations } from "./index.js";

class Case {
  readonly graph = new Graph();
  readonly feeds: Record<string, Tensor> = {};

  input(name: string, shape: Shape): Value {
    this.feeds[name] = float32Tensor(shape, new Random(5, name).normals(0, sizeOf(shape)));
    return this.graph.input(name, { dtype: "float32", shape });
  }

  /** The gradients of y's product with something, by the values given. */
  gradients(y: Value, sources: readonly Value[]): this {
    const weights = this.graph.constant(
      float32Tensor(y.shape, new Random(6, "dy").normals(0, sizeOf(y.shape))),
    );
    gradients(reduceSum(mul(y, weights)), sources).forEach((value, i) => this.graph.output(`d${i}`, value));
    return this;
  }

  /** The rewritten graph computes the same; returns the shapes of what its matrix products make. */
  products(): string[] {
    const wide = useWideFormulations(this.graph);
    const [wanted, found] = [this.graph, wide].map((graph) => evaluateReference(graph, this.feeds));
    for (const [name, tensor] of Object.entries(wanted ?? {})) {
      const [numbers, other] = [toNumbers(tensor), toNumbers(found?.[name] ?? tensor)];
      const scale = Math.max(...numbers.map(Math.abs), 1e-3);
      expect(found?.[name]?.shape).toEqual(tensor.shape);
      numbers.forEach((value, i) => expect(Math.abs(value - (other[i] ?? NaN)) / scale).toBeLessThan(1e-5));
    }
    return productsOf(wide);
  }
}

function productsOf(graph: Graph): string[] {
  return reachable(graph).nodes.flatMap(({ operator, outputs }) =>
    operator.name === "MatMul" ? [String(outputs[0]?.shape)] : [],
  );
}

function weightGradient(x: Shape, w: Shape, options: ConvOptions = {}): Case {
  const made = new Case();
  const [images, weight] = [made.input("x", x), made.input("w", w)];
  return made.gradients(conv2d(images, weight, null, options), [weight]);
}

describe("useWideFormulations", () => {
  it.each<[string, Shape, Shape, ConvOptions, string]>([
    ["3x3", [4, 3, 5, 6], [2, 3, 3, 3], { pads: 1 }, "4,6,9"],
    ["3x3 without padding", [3, 2, 5, 4], [4, 2, 3, 3], {}, "3,12,6"],
    ["uneven padding", [2, 3, 4, 4], [2, 3, 3, 3], { pads: [1, 1, 0, 0] }, "2,6,9"],
    ["dilated", [2, 2, 7, 6], [2, 2, 3, 2], { dilations: [2, 1], pads: [2, 1, 0, 0] }, "2,6,4"],
    ["a stride", [4, 3, 6, 5], [2, 3, 3, 3], { pads: 1, strides: 2 }, "4,2,27"],
    ["1x1", [2, 3, 4, 4], [5, 3, 1, 1], {}, "2,5,3"],
    ["1x1 and a stride", [2, 3, 5, 5], [5, 3, 1, 1], { strides: 2 }, "2,5,3"],
  ])("multiplies many images at once for dW: %s", (_name, x, w, options, product) => {
    expect(weightGradient(x, w, options).products()[0]).toBe(product);
  });

  it("cuts the sum of a product only as far as a card is busy", () => {
    const first = (images: number, outs: number, channels: number): string | undefined => {
      const graph = new Graph();
      const x = graph.input("x", { dtype: "float32", shape: [images, channels, 2, 2] });
      const w = graph.input("w", { dtype: "float32", shape: [outs, channels, 3, 3] });
      gradients(reduceSum(conv2d(x, w, null, { pads: 1 }), [0, 1, 2, 3]), [w]).forEach((value) =>
        graph.output("dw", value),
      );
      return productsOf(useWideFormulations(graph))[0];
    };
    // Tiles of 32 x 32: 96 x 24 are enough as they are, 48 x 24 are enough twice, few are not enough with every image by itself.
    expect(first(4, 1024, 256)).toBe("1,3072,768");
    expect(first(4, 512, 256)).toBe("2,1536,768");
    expect(first(6, 512, 32)).toBe("6,1536,96");
  });

  it("leaves groups and large kernels as they are", () => {
    expect(weightGradient([2, 4, 4, 4], [4, 2, 3, 3], { group: 2, pads: 1 }).products()).toEqual([]);
    expect(weightGradient([2, 8, 8, 8], [2, 8, 6, 6], { pads: 3 }).products()).toEqual([]);
  });

  it("sums channels by products with ones", () => {
    const made = new Case();
    const x = made.input("x", [3, 4, 2, 5]);
    made.graph.output("sums", sumOver(x, [0, 2, 3]));
    made.graph.output("columns", sumOver(made.input("rows", [6, 3]), [0]));
    made.graph.output("pixels", sumOver(made.input("pixel", [6, 3, 1, 1]), [0, 2, 3]));
    made.graph.output("others", sumOver(x, [1]));
    expect(made.products()).toEqual(["3,1,4", "1,4", "1,3", "1,3"]);
  });

  it("differentiates a normalisation and a linear layer to the same", () => {
    const made = new Case();
    const [x, scale, bias] = [
      made.input("x", [4, 3, 3, 2]),
      made.input("scale", [3]),
      made.input("bias", [3]),
    ] as const;
    const { y } = batchNormTraining(x, scale, bias);
    expect(made.gradients(y, [x, scale, bias]).products().length).toBeGreaterThanOrEqual(8);
    const linearCase = new Case();
    const sources = [
      linearCase.input("x", [5, 4]),
      linearCase.input("w", [3, 4]),
      linearCase.input("b", [3]),
    ] as const;
    expect(linearCase.gradients(linear(...sources), sources).products()).toContain("1,3");
  });

  it("sums squares of several tensors at once", () => {
    const made = new Case();
    const values = [made.input("a", [3, 2]), made.input("b", [1030]), made.input("c", [1])];
    made.graph.output("sum", sumOfSquares(values));
    made.products();
    const sums = reachable(useWideFormulations(made.graph)).nodes.filter(
      ({ operator }) => operator.name === "ReduceSum",
    );
    expect(sums.map(({ inputs }) => String(inputs[0]?.shape))).toEqual(["2,1024", "2"]);
  });
});
