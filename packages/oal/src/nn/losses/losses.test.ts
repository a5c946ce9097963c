/** Small hand-sized vectors of METHOD.md sections 5 and 6, and the losses that have no golden values. */
import { describe, expect, it } from "vitest";
import {
  evaluateReference,
  float32Tensor,
  Graph,
  gradients,
  toNumbers,
  type Tensor,
  type Value,
} from "oal-core";
import { TrainingContext } from "../context.js";
import { initializeParameters } from "../parameters.js";
import { clubLearningLoss, clubSampleValue, clubValue } from "./club.js";
import { logitDistillation } from "./distillation.js";
import { energy, energyMarginLoss, logisticEnergyLoss, uniformLabelLoss } from "./energy.js";
import { gaussianDivergence, meanAbsoluteError, meanSquaredError } from "./reconstruction.js";

const matrix = (rows: readonly (readonly number[])[]): Tensor =>
  float32Tensor([rows.length, rows[0]?.length ?? 0], rows.flat());
const vector = (values: readonly number[]): Tensor => float32Tensor([values.length], values);

function evaluate(
  tensors: Readonly<Record<string, Tensor>>,
  build: (values: Record<string, Value>) => Record<string, Value>,
): Record<string, number[]> {
  const graph = new Graph();
  const inputs = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, graph.input(name, tensor)]),
  );
  for (const [name, value] of Object.entries(build(inputs))) graph.output(name, value);
  return Object.fromEntries(
    Object.entries(evaluateReference(graph, tensors)).map(([name, tensor]) => [name, toNumbers(tensor)]),
  );
}

const near = (values: readonly number[], digits = 6) =>
  values.map((value): unknown => expect.closeTo(value, digits));
const pick = (values: Record<string, Value>, name: string): Value => {
  const value = values[name];
  if (!value) throw new Error(name);
  return value;
};

describe("losses", () => {
  it("logit distillation: METHOD 5's test vector", () => {
    const tensors = {
      teacher: matrix([
        [2, 0, -1],
        [0, 1, 0],
      ]),
      student: matrix([
        [1, 1, 0],
        [0, 0, 0],
      ]),
    };
    const got = evaluate(tensors, (v) => {
      const loss = logitDistillation(pick(v, "student"), pick(v, "teacher"));
      const [student, teacher] = gradients(loss, [pick(v, "student"), pick(v, "teacher")]);
      return {
        loss,
        slope: student ?? loss,
        fixed: teacher ?? loss,
        soft: logitDistillation(pick(v, "student"), pick(v, "teacher"), 4),
        hot: logitDistillation(pick(v, "student"), pick(v, "teacher"), 1000),
      };
    });
    expect(got["loss"]).toEqual(near([0.2515113565]));
    expect(got["slope"]).toEqual(
      near([-0.2107379681, 0.1540617994, 0.0566761687, 0.0606958879, -0.1213917757, 0.0606958879]),
    );
    expect(got["fixed"]).toEqual([0, 0, 0, 0, 0, 0]);
    // T^2 KL(softmax(t / T), softmax(z / T)), row by row in double precision.
    const divergence = (t: readonly number[], z: readonly number[], temperature: number): number => {
      const logOf = (row: readonly number[]): number[] => {
        const sum = row.reduce((all, value) => all + Math.exp(value / temperature), 0);
        return row.map((value) => value / temperature - Math.log(sum));
      };
      const [logP, logQ] = [logOf(t), logOf(z)];
      return logP.reduce((all, value, c) => all + Math.exp(value) * (value - (logQ[c] ?? 0)), 0);
    };
    const rows = divergence([2, 0, -1], [1, 1, 0], 4) + divergence([0, 1, 0], [0, 0, 0], 4);
    expect(got["soft"]).toEqual(near([(16 * rows) / 2]));
    // For large T it tends to half the variance of the differences of logits (Hinton et al. 2015, section 2.1).
    expect(got["hot"]?.[0]).toBeCloseTo((2 / 3 / 2 + 2 / 9 / 2) / 2, 1);
  });

  it("CLUB: METHOD 6's test vector", () => {
    const tensors = {
      mean: matrix([
        [0, 1],
        [2, 0],
      ]),
      logVariance: matrix([
        [0, 0],
        [0.5, -0.5],
      ]),
      y: matrix([
        [1, 1],
        [0, 2],
      ]),
    };
    const got = evaluate(tensors, (v) => {
      const q = { mean: pick(v, "mean"), logVariance: pick(v, "logVariance") };
      const y = pick(v, "y");
      const value = clubValue(q, y);
      const [slope = value] = gradients(value, [y]);
      return { value, slope, mean2: clubValue(q, y, "mean"), learning: clubLearningLoss(q, y) };
    });
    expect(got["value"]).toEqual(near([-0.8457194739]));
    expect(got["slope"]).toEqual(near([-0.4016326649, 0.4121803177, 0.3032653299, -0.5743606354]));
    expect(got["mean2"]).toEqual(near([-0.8457194739 / 2]));
    expect(got["learning"]).toEqual(near([5.0105038608]));
  });

  it("CLUB by samples: log q of the pair less log q of a negative, whose mean over all negatives is CLUB", () => {
    const tensors = {
      mean: matrix([
        [0, 1],
        [2, 0],
      ]),
      logVariance: matrix([
        [0, 0],
        [0.5, -0.5],
      ]),
      y: matrix([
        [1, 1],
        [0, 2],
      ]),
      swapped: matrix([
        [0, 2],
        [1, 1],
      ]),
    };
    const got = evaluate(tensors, (v) => {
      const q = { mean: pick(v, "mean"), logVariance: pick(v, "logVariance") };
      const sampled = (negatives: string): Value => clubSampleValue(q, pick(v, "y"), pick(v, negatives));
      return { other: sampled("swapped"), same: sampled("y"), all: clubValue(q, pick(v, "y")) };
    });
    // ((n - m)^2 - (y - m)^2) / 2 var, summed: rows (0 - 1 + 1 - 0) / 2, then ((1 - 4) e^-0.5 + (1 - 4) e^0.5) / 2.
    const rows = [0, (-3 * Math.exp(-0.5) - 3 * Math.exp(0.5)) / 2];
    expect(got["other"]).toEqual(near([((rows[0] ?? 0) + (rows[1] ?? 0)) / 2]));
    expect(got["same"]).toEqual(near([0]));
    // Two samples: CLUB is the mean of both choices of negatives.
    expect(got["all"]).toEqual(near([(got["other"]?.[0] ?? NaN) / 2]));
  });

  it("energies: margins, uniform label, logistic", () => {
    const got = evaluate({ id: vector([4, 1]), out: vector([0, 3]), flat: matrix([[1, 1, 1, 1]]) }, (v) => ({
      margin: energyMarginLoss(pick(v, "id"), pick(v, "out"), 3, 1),
      uniform: uniformLabelLoss(pick(v, "flat")),
      energy: energy(pick(v, "flat")),
    }));
    expect(got["margin"]).toEqual(near([2 + 2]));
    expect(got["uniform"]).toEqual(near([Math.log(4)]));
    expect(got["energy"]).toEqual(near([1 + Math.log(4)]));
    const graph = new Graph();
    const context = new TrainingContext(graph, "energy");
    const [id, out] = [vector([2, -1]), vector([0.5])];
    graph.output("loss", logisticEnergyLoss(context, graph.input("id", id), graph.input("out", out)));
    const { loss } = evaluateReference(graph, {
      id,
      out,
      ...Object.fromEntries(initializeParameters(context.specs, 1)),
    });
    const expected = (Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(1))) / 2 + Math.log1p(Math.exp(0.5));
    expect(loss && toNumbers(loss)).toEqual(near([expected]));
  });

  it("reconstruction and Gaussian divergence", () => {
    const got = evaluate({ a: matrix([[1, 2]]), b: matrix([[0, 4]]) }, (v) => ({
      squared: meanSquaredError(pick(v, "a"), pick(v, "b")),
      absolute: meanAbsoluteError(pick(v, "a"), pick(v, "b")),
      divergence: gaussianDivergence(pick(v, "a"), pick(v, "b")),
    }));
    expect(got["squared"]).toEqual(near([2.5]));
    expect(got["absolute"]).toEqual(near([1.5]));
    expect(got["divergence"]).toEqual(near([0.25 * (1 + 1 - 1 - 0 + 4 + Math.exp(4) - 1 - 4)], 4));
  });
});
