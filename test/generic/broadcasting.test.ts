/** Operators of two operands over random shapes that broadcast, empty ones and scalars among them. */
import fc from "fast-check";
import {
  add,
  div,
  equal,
  evaluateReference,
  Graph,
  gradients,
  maximum,
  mul,
  Random,
  reduceSum,
  sizeOf,
  sub,
  toNumbers,
  where,
  type Shape,
  type Tensor,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { runOnce } from "../../packages/oal/src/testing/engine.js";

/** Two shapes that broadcast against each other. */
const pairs: fc.Arbitrary<readonly [Shape, Shape]> = fc
  .array(fc.tuple(fc.nat(3), fc.constantFrom("both", "first", "second")), { maxLength: 4 })
  .chain((axes) =>
    fc.tuple(fc.nat(axes.length), fc.nat(axes.length)).map(([first, second]) => {
      const shape = (own: string): Shape =>
        axes.map(([size, owner]) => (owner === "both" || owner === own ? size : 1));
      // Leading axes may be left out where they have size 1.
      const cut = (full: Shape, wanted: number): Shape => {
        const ones = full.findIndex((size) => size !== 1);
        return full.slice(Math.min(wanted, ones === -1 ? full.length : ones));
      };
      return [cut(shape("first"), first), cut(shape("second"), second)] as const;
    }),
  );

const operators: Readonly<
  Record<string, readonly [(a: Value, b: Value) => Value, (a: number, b: number) => number]>
> = {
  add: [add, (a, b) => a + b],
  sub: [sub, (a, b) => a - b],
  mul: [mul, (a, b) => a * b],
  div: [div, (a, b) => a / b],
  maximum: [maximum, (a, b) => Math.max(a, b)],
  where: [(a, b) => where(equal(a, a), a, b), (a) => a],
};

function drawn(purpose: string, shape: Shape): Tensor {
  const data = Float64Array.from(new Random(2, purpose).uniforms(0, sizeOf(shape)), (u) => 0.5 + u);
  return { dtype: "float64", shape, data };
}

/** The element of `tensor` that a place of the result reads. */
function elementAt({ shape, data }: Tensor, place: readonly number[]): number {
  const lead = place.length - shape.length;
  const offset = shape.reduce(
    (sum, size, axis) => sum * size + (size === 1 ? 0 : (place[axis + lead] ?? 0)),
    0,
  );
  return Number(data[offset]);
}

/** Every index of a shape, row-major. */
function* placesOf(shape: Shape): Generator<readonly number[]> {
  const [size, ...rest] = shape;
  if (size === undefined) {
    yield [];
    return;
  }
  for (let i = 0; i < size; i++) for (const inner of placesOf(rest)) yield [i, ...inner];
}

function graphOf(
  name: string,
  shapes: readonly [Shape, Shape],
): { graph: Graph; feeds: Record<string, Tensor> } {
  const [build] = operators[name] ?? [add];
  const graph = new Graph();
  const feeds = { a: drawn("a", shapes[0]), b: drawn("b", shapes[1]) };
  const [a, b] = [graph.input("a", feeds.a), graph.input("b", feeds.b)];
  const y = build(a, b);
  graph.output("y", y);
  gradients(reduceSum(y), [a, b]).forEach((slope, index) => graph.output(`d${index}`, slope));
  return { graph, feeds };
}

describe.each(Object.keys(operators))("%s", (name) => {
  it("is its formula element by element, and gradients have the shapes of their operands", () => {
    fc.assert(
      fc.property(pairs, (shapes) => {
        const { graph, feeds } = graphOf(name, shapes);
        const { a, b } = feeds;
        const { y, d0, d1 } = evaluateReference(graph, feeds);
        if (!a || !b || !y || !d0 || !d1) throw new Error("no result");
        const [, compute] = operators[name] ?? [add, (): number => NaN];
        const want = [...placesOf(y.shape)].map((place) => compute(elementAt(a, place), elementAt(b, place)));
        expect(toNumbers(y)).toEqual(want);
        expect([d0.shape, d1.shape]).toEqual([a.shape, b.shape]);
        // Euler: the degree of homogeneity times the function is the sum of x df/dx.
        const degree = name === "mul" ? 2 : name === "div" ? 0 : 1;
        const dot = (x: Tensor, slope: Tensor): number =>
          toNumbers(x).reduce((sum, value, i) => sum + value * Number(slope.data[i]), 0);
        const total = want.reduce((sum, value) => sum + value, 0);
        expect(dot(a, d0) + dot(b, d1)).toBeCloseTo(degree * total, 8);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

// Empty shapes are left out: ONNX Runtime 1.30 drops an Expand in front of a product and gets [1, 0, 1] for [1, 0, 0].
it("the engine agrees", async () => {
  const filled = pairs.filter((shapes) => shapes.every((shape) => !shape.includes(0)));
  for (const [index, shapes] of fc.sample(filled, { numRuns: 6, seed: 11 }).entries()) {
    const name = Object.keys(operators)[index] ?? "add";
    const { graph, feeds } = graphOf(name, shapes);
    const [got, want] = [await runOnce(graph, feeds), evaluateReference(graph, feeds)];
    for (const output of graph.outputs.keys()) {
      const what = `${name} of ${JSON.stringify(shapes)}: ${output}`;
      expect(got[output]?.shape, what).toEqual(want[output]?.shape);
      expect(got[output] && toNumbers(got[output]).map(Math.fround), what).toEqual(
        want[output] && toNumbers(want[output]).map(Math.fround),
      );
    }
  }
});
