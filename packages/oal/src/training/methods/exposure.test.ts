/** Terms of the methods that look at decoded outliers, on logits small enough to compute by hand. */
import {
  evaluateReference,
  float32Tensor,
  Graph,
  gradients,
  toNumbers,
  type Tensor,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { TrainingContext } from "../../nn/context.js";
import { exposureMethod } from "./exposure.js";

const tensors: Record<string, Tensor> = {
  logits: float32Tensor([2, 2], [1, 1, 3, 3]),
  outlierLogits: float32Tensor([2, 2], [2, 2, 0, 0]),
  teacherLogits: float32Tensor([2, 2], [4, 0, 0, 2]),
  gate: float32Tensor([], [1]),
};

const missing = (name: string): never => {
  throw new Error(`${name} is not part of this test`);
};

/** Value and weight of every term, and the gradient of their sum by the ID logits. */
function terms(
  exposure: Readonly<Record<string, number>>,
  gate = 1,
): { terms: Record<string, [value: number, weight: number]>; slope: number[] } {
  const graph = new Graph();
  const input = (name: string) => graph.input(name, tensors[name] ?? float32Tensor([], [0]));
  const [logits, outlierLogits, teacherLogits, exposureGate] = [
    input("logits"),
    input("outlierLogits"),
    input("teacherLogits"),
    input("gate"),
  ];
  const sides: Readonly<Record<string, Value>> = { outlierTeacherLogits: teacherLogits, exposureGate };
  const made = exposureMethod.build(
    {
      context: new TrainingContext(graph),
      classes: 2,
      labels: logits,
      logits,
      features: logits,
      side: (name) => sides[name] ?? missing(name),
      shown: () => ({ logits: outlierLogits, features: outlierLogits }),
      outputs: missing,
      outputsOf: () => missing,
      draws: missing,
    },
    { exposure },
  );
  for (const { name, value, weight } of made) {
    graph.output(`value/${name}`, value);
    graph.output(`weight/${name}`, typeof weight === "number" ? graph.scalar(weight) : weight);
    const [slope] = gradients(value, [logits]);
    if (slope) graph.output(`slope/${name}`, slope);
  }
  const results = evaluateReference(graph, { ...tensors, gate: float32Tensor([], [gate]) });
  const of = (kind: string, name: string): number[] => {
    const tensor = results[`${kind}/${name}`];
    return tensor ? toNumbers(tensor) : [];
  };
  return {
    terms: Object.fromEntries(
      made.map(({ name }) => [name, [of("value", name)[0] ?? NaN, of("weight", name)[0] ?? NaN]]),
    ),
    slope: made.flatMap(({ name }) => of("slope", name)),
  };
}

const near = (value: number): unknown => expect.closeTo(value, 5);

describe("outlier exposure", () => {
  // Energies: ID 1 + log 2 and 3 + log 2, mean 2 + log 2; outliers 2 + log 2 and log 2.
  it.each([
    // Outliers may reach 2 + log 2 - margin: both lie above with margin 5 (by 5 and 3), one with margin 1 (by 1).
    [5, (25 + 9) / 2],
    [1, 1 / 2],
    [0.5, 0.5 ** 2 / 2],
  ])("hinges of energy with margin %d", (energyMargin, outlierPart) => {
    const exposure = { uniformWeight: 0, energyWeight: 0.25, energyMargin, distillWeight: 0 };
    const got = terms(exposure);
    // ID: the image below the mean is short by 1.
    expect(got.terms).toEqual({ exposureEnergy: [near(1 / 2 + outlierPart), 0.25] });
    // The mean is a constant of the step: d/dz of (centre - E)^2 / 2 at a shortfall of 1 is -1, shared by two equal logits.
    expect(got.slope).toEqual([near(-0.5), near(-0.5), near(0), near(0)]);
  });

  it("uniform label: the mean negative log probability over outliers and classes", () => {
    expect(terms({ uniformWeight: 0.5, distillWeight: 0 }).terms).toEqual({
      exposureUniform: [near(Math.log(2)), 0.5],
    });
  });

  it("counts for nothing behind a closed gate", () => {
    for (const [, weight] of Object.values(
      terms({ uniformWeight: 0.5, energyWeight: 0.25, distillWeight: 1 }, 0).terms,
    ))
      expect(weight).toBe(0);
  });
});

describe("distillation on outliers", () => {
  it("is T² KL(teacher, student) at its own temperature, 2 unless told", () => {
    // The student is uniform on both, so KL = log 2 - H(p) with p = sigmoid(4 / T) and sigmoid(2 / T).
    const expected = (temperature: number): number => {
      const entropy = (p: number): number => -p * Math.log(p) - (1 - p) * Math.log(1 - p);
      const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
      const [first, second] = [4, 2].map((logit) => Math.log(2) - entropy(sigmoid(logit / temperature)));
      return (temperature ** 2 * ((first ?? 0) + (second ?? 0))) / 2;
    };
    expect(terms({ uniformWeight: 0, distillWeight: 1 }).terms).toEqual({
      outlierKd: [near(expected(2)), 1],
    });
    const exposure = { uniformWeight: 0, distillWeight: 3, distillTemperature: 5 };
    expect(terms(exposure).terms).toEqual({
      outlierKd: [near(expected(5)), 3],
    });
    expect(terms(exposure, 0).terms).toEqual({
      outlierKd: [near(expected(5)), 0],
    });
  });
});
