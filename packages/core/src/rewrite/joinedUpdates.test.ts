/** Which updates are computed together, and that every element comes out as before. */
import { describe, expect, it } from "vitest";
import {
  add,
  concat,
  div,
  evaluateReference,
  float32Data,
  float32Tensor,
  Graph,
  mul,
  reduceSum,
  reshape,
  sizeOf,
  sqrt,
  sub,
  type Shape,
  type Tensor,
  type Value,
} from "../graph/index.js";
import { reachable } from "../graph/prune.js";
import { Random } from "../random/index.js";
import { joinUpdates } from "./index.js";

/** A step under construction, whose "gradients" are sums of rows and fed. */
class Step {
  readonly graph = new Graph();
  readonly feeds: Record<string, Tensor> = {};
  readonly carried: { name: string; next?: string }[] = [];
  readonly rate = this.input("rate", []);

  input(name: string, shape: Shape): Value {
    this.feeds[name] = float32Tensor(shape, new Random(3, name).normals(0, sizeOf(shape)));
    return this.graph.input(name, { dtype: "float32", shape });
  }

  /** A carried tensor; its next value is given to `next`. */
  state(name: string, shape: Shape): Value {
    this.carried.push({ name, next: `next/${name}` });
    return this.input(name, shape);
  }

  next(name: string, value: Value): void {
    this.graph.output(`next/${name}`, value);
  }

  gradient(name: string, shape: Shape): Value {
    return reduceSum(this.input(`gradient/${name}`, [2, ...shape]), [0]);
  }

  /** Momentum; the parameter is read by the step's result too. */
  momentum(name: string, shape: Shape, decay = 0): Value {
    const [weight, velocity] = [this.state(name, shape), this.state(`velocity/${name}`, shape)];
    const gradient = this.gradient(name, shape);
    const slope = decay === 0 ? gradient : add(gradient, mul(weight, decay));
    const moved = add(mul(velocity, 0.9), slope);
    this.next(`velocity/${name}`, moved);
    this.next(name, sub(weight, mul(moved, this.rate)));
    return weight;
  }

  /** Joins, and compares everything that both compute; returns the members of every joined tensor. */
  joined(largestMember?: number): string[][] {
    const options = largestMember === undefined ? {} : { largestMember };
    const { graph, carried, joined } = joinUpdates(this.graph, this.carried, options);
    const feeds = { ...this.feeds };
    for (const { name, size, members } of joined) {
      const whole = new Float32Array(size);
      for (const member of members) {
        const tensor = feeds[member.name];
        if (tensor) whole.set(float32Data(tensor), member.offset);
        delete feeds[member.name];
      }
      feeds[name] = float32Tensor([size], whole);
    }
    expect(new Set(graph.inputs.map(({ name }) => name))).toEqual(new Set(Object.keys(feeds)));
    const [before, after] = [evaluateReference(this.graph, this.feeds), evaluateReference(graph, feeds)];
    const found: Record<string, Tensor | undefined> = { ...after };
    for (const { name, next = "", members } of joined) {
      expect(carried).toContainEqual({ name, next });
      for (const { name: member, offset, shape } of members) {
        const whole = after[next];
        found[`next/${member}`] =
          whole && float32Tensor(shape, float32Data(whole).slice(offset, offset + sizeOf(shape)));
      }
    }
    for (const [name, tensor] of Object.entries(before)) expect(found[name], name).toEqual(tensor);
    return joined.map(({ members }) => members.map(({ name }) => name));
  }
}

describe("joinUpdates", () => {
  it("joins parameters and their momentum, whatever their shapes", () => {
    const step = new Step();
    const weights = [step.momentum("a", [2, 3]), step.momentum("b", [4]), step.momentum("c", [1, 5])];
    step.graph.output(
      "loss",
      reduceSum(
        concat(
          weights.map((weight) => reshape(weight, [-1])),
          0,
        ),
      ),
    );
    expect(step.joined()).toEqual([
      ["a", "b", "c"],
      ["velocity/a", "velocity/b", "velocity/c"],
    ]);
  });

  it("leaves tensors alone that are larger than is asked for", () => {
    const step = new Step();
    step.momentum("a", [2, 3]);
    step.momentum("b", [4]);
    step.momentum("c", [1, 4]);
    expect(step.joined(4)).toEqual([
      ["b", "c"],
      ["velocity/b", "velocity/c"],
    ]);
  });

  it("keeps formulas apart that differ in a constant, and leaves one that is alone", () => {
    const step = new Step();
    step.momentum("a", [2, 3]);
    step.momentum("bias", [4], 0.1);
    step.momentum("b", [3]);
    const lone = step.state("mean", [5]);
    step.next("mean", div(add(lone, step.gradient("mean", [5])), 2));
    expect(step.joined()).toEqual([
      ["a", "b"],
      ["velocity/a", "velocity/b"],
    ]);
  });

  it("knows scalars that are computed alike, and a gradient that is scaled", () => {
    const step = new Step();
    const norm = step.input("norm", []);
    for (const name of ["a", "b"]) {
      const weight = step.state(name, [3]);
      const clipped = mul(step.gradient(name, [3]), sqrt(mul(norm, norm)));
      step.next(name, sub(weight, mul(clipped, mul(step.rate, 2))));
    }
    expect(step.joined()).toEqual([["a", "b"]]);
    const { nodes } = reachable(joinUpdates(step.graph, step.carried).graph);
    // The scaling, the step, and two products of scalars; not once for each.
    expect(nodes.filter(({ operator }) => operator.name === "Mul")).toHaveLength(4);
  });

  it("does not move what something else reads, nor what has no next value", () => {
    const step = new Step();
    for (const name of ["a", "b"]) {
      const weight = step.state(name, [3]);
      const frozen = step.input(`frozen/${name}`, [3]);
      step.carried.push({ name: `frozen/${name}` });
      const moved = sub(weight, mul(step.gradient(name, [3]), step.rate));
      step.next(name, mul(moved, frozen));
      if (name === "a") step.graph.output("looked at", moved);
    }
    expect(step.joined()).toEqual([]);
    const other = new Step();
    for (const name of ["a", "b"]) {
      const frozen = other.input(`frozen/${name}`, [3]);
      other.carried.push({ name: `frozen/${name}` });
      other.next(name, mul(sub(other.state(name, [3]), other.gradient(name, [3])), frozen));
    }
    expect(other.joined()).toEqual([["a", "b"]]);
  });

  it("joins nothing across shapes, and leaves scalars", () => {
    const step = new Step();
    for (const name of ["a", "b"]) {
      const count = step.state(name, []);
      step.next(name, add(count, 1));
    }
    const [wide, row] = [step.state("wide", [2, 3]), step.state("row", [1, 3])];
    step.next("wide", add(wide, step.gradient("wide", [2, 3])));
    step.next("row", mul(row, step.gradient("row", [1, 3])));
    expect(step.joined()).toEqual([]);
  });
});
