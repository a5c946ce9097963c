/** Properties of broadcasting over random shapes: shape rule, element walk, and the sum that is its gradient. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateReference } from "../interpret.js";
import { float32Tensor, sizeOf, stridesOf, toNumbers, type Shape } from "../tensor.js";
import { Graph } from "../value.js";
import { ShapeProblem } from "../operator.js";
import { broadcastOffsets, broadcastShapes } from "./broadcasting.js";
import { expand } from "./expand.js";
import { sumTo } from "./sums.js";

/** A shape and one that stretches to it: leading axes dropped, some sizes replaced by 1. */
const stretching = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 4 }), single: fc.boolean() }), { maxLength: 4 })
  .chain((axes) =>
    fc.integer({ min: 0, max: axes.length }).map((dropped) => ({
      to: axes.map((axis) => axis.size),
      from: axes.slice(dropped).map((axis) => (axis.single ? 1 : axis.size)),
    })),
  );

const counted = (shape: Shape): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 11) - 5);

describe("broadcasting", () => {
  it("is commutative, and a shape that stretches leaves the other as it is", () => {
    fc.assert(
      fc.property(stretching, ({ from, to }) => {
        expect(broadcastShapes(from, to)).toEqual(to);
        expect(broadcastShapes(to, from)).toEqual(to);
      }),
    );
  });

  it("refuses sizes that differ and are not 1", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 1, max: 9 }), (size, more) => {
        expect(() => broadcastShapes([3, size], [size + more])).toThrowError(ShapeProblem);
      }),
    );
  });

  it("reads, at every index, the element whose index is 0 along stretched axes", () => {
    fc.assert(
      fc.property(stretching, ({ from, to }) => {
        const walk = broadcastOffsets(from, to);
        const [outer, inner] = [stridesOf(to), stridesOf(from)];
        const lead = to.length - from.length;
        walk.forEach((offset, position) => {
          const want = from.reduce((sum, size, axis) => {
            const index = Math.floor(position / (outer[axis + lead] ?? 1)) % (to[axis + lead] ?? 1);
            return sum + (size === 1 ? 0 : index) * (inner[axis] ?? 0);
          }, 0);
          expect(offset).toBe(want);
        });
      }),
    );
  });

  it("has sumTo as its transpose: <expand(x), y> = <x, sumTo(y)>", () => {
    fc.assert(
      fc.property(stretching, ({ from, to }) => {
        const graph = new Graph();
        const x = graph.input("x", { dtype: "float32", shape: from });
        const y = graph.input("y", { dtype: "float32", shape: to });
        graph.output("wide", expand(x, to));
        graph.output("narrow", sumTo(y, from));
        const feeds = { x: float32Tensor(from, counted(from)), y: float32Tensor(to, counted(to)) };
        const { wide, narrow } = evaluateReference(graph, feeds);
        expect(wide?.shape).toEqual(to);
        expect(narrow?.shape).toEqual(from);
        const dot = (a: readonly number[], b: readonly number[]): number =>
          a.reduce((sum, element, i) => sum + element * (b[i] ?? 0), 0);
        const left = dot(wide ? toNumbers(wide) : [], toNumbers(feeds.y));
        expect(left).toBe(dot(toNumbers(feeds.x), narrow ? toNumbers(narrow) : []));
      }),
      { numRuns: 60 },
    );
  });
});
