/** Terms of the methods on inputs whose value is known: smoothing, what is detached, which rows are paired. */
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
import { initializeParameters } from "../../nn/parameters.js";
import { crossEntropyMethod } from "./crossEntropy.js";
import { distillationMethod } from "./distillation.js";
import type { MethodInputs } from "./inputs.js";
import type { MethodSettings, TrainingMethod } from "./method.js";
import { mutualInformationMethod } from "./mutualInformation.js";

const tensors: Record<string, Tensor> = {
  logits: float32Tensor([2, 4], [0, Math.log(2), 0, 0, 0, 0, 0, Math.log(5)]),
  labels: float32Tensor([2, 4], [0, 1, 0, 0, 1, 0, 0, 0]),
  features: float32Tensor([2, 3], [1, 0, -1, 0.5, 2, 0]),
  teacherLogits: float32Tensor([2, 4], [1, 0, 0, 0, 0, 0, 2, 0]),
  teacherFeatures: float32Tensor([2, 5], [1, 2, 0, -1, 0.5, 0, 0, 1, 1, -2]),
  outlierEmbeddings: float32Tensor([2, 4], [1, 0, 0, 0, 0, 1, 0, -1]),
};

const none = (): never => {
  throw new Error("not part of this test");
};

/** Values of the terms and of the gradient of a term by a parameter. */
function terms(
  method: TrainingMethod,
  settings: MethodSettings,
  {
    given = tensors,
    slopeOf,
  }: { given?: Record<string, Tensor>; slopeOf?: [term: string, parameter: string] } = {},
): { values: Record<string, number>; slope: number[] } {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const inputs: Record<string, Value> = {};
  for (const [name, tensor] of Object.entries(given)) inputs[name] = graph.input(`in ${name}`, tensor);
  const get = (name: string): Value => inputs[name] ?? graph.scalar(0);
  const all: MethodInputs = {
    context,
    classes: 4,
    labels: get("labels"),
    logits: get("logits"),
    features: get("features"),
    side: get,
    shown: none,
    outputs: none,
    outputsOf: none,
    draws: none,
  };
  const made = method.build(all, settings);
  for (const { name, value } of made) graph.output(name, value);
  if (slopeOf) {
    const term = made.find(({ name }) => name === slopeOf[0]);
    const [slope] = term ? gradients(term.value, [context.values(slopeOf[1])]) : [];
    if (slope) graph.output("slope", slope);
  }
  const feeds = Object.fromEntries(Object.entries(given).map(([name, tensor]) => [`in ${name}`, tensor]));
  const results = evaluateReference(graph, {
    ...feeds,
    ...Object.fromEntries(initializeParameters(context.specs, 1)),
  });
  const numbers = (name: string): number[] => (results[name] ? toNumbers(results[name]) : []);
  return {
    values: Object.fromEntries(made.map(({ name }) => [name, numbers(name)[0] ?? NaN])),
    slope: numbers("slope"),
  };
}

describe("cross-entropy", () => {
  // Probabilities (1, 2, 1, 1) / 5 and (1, 1, 1, 5) / 8; the right classes have 2/5 and 1/8.
  it.each([0, 0.2])("with smoothing %d: 1 - s for the label, s/C for every class", (labelSmoothing) => {
    const share = labelSmoothing / 4;
    const first = [1, 2, 1, 1].map((odds) => -Math.log(odds / 5));
    const second = [1, 1, 1, 5].map((odds) => -Math.log(odds / 8));
    const mixed = (losses: readonly number[], label: number): number =>
      (1 - labelSmoothing) * (losses[label] ?? NaN) + share * losses.reduce((sum, loss) => sum + loss, 0);
    const { values } = terms(crossEntropyMethod, { training: { labelSmoothing } });
    expect(values["ce"]).toBeCloseTo((mixed(first, 1) + mixed(second, 0)) / 2, 5);
  });
});

describe("distillation of features", () => {
  it("moves the projection of the teacher's features unless that is detached", () => {
    const projection = projectionParameter();
    const slope = (detachTeacherBranch: boolean): number[] =>
      terms(distillationMethod, { kd: { detachTeacherBranch } }, { slopeOf: ["featureKd", projection] })
        .slope;
    expect(slope(false).some((value) => Math.abs(value) > 1e-4)).toBe(true);
    expect(slope(true).every((value) => value === 0)).toBe(true);
  });

  it("divides logits by the configured temperature", () => {
    const hot = terms(distillationMethod, { kd: { temperature: 3 } }).values["logitKd"] ?? NaN;
    const soft = (row: readonly number[]): number[] => {
      const powers = row.map((value) => Math.exp(value / 3));
      return powers.map((value) => value / powers.reduce((sum, each) => sum + each, 0));
    };
    const rows = (name: string): number[][] => {
      const all = toNumbers(tensors[name] ?? float32Tensor([0], []));
      return [all.slice(0, 4), all.slice(4)];
    };
    const divergences = rows("teacherLogits").map((teacher, i) => {
      const [p, q] = [soft(teacher), soft(rows("logits")[i] ?? [])];
      return p.reduce((sum, value, c) => sum + value * Math.log(value / (q[c] ?? NaN)), 0);
    });
    expect(hot).toBeCloseTo((9 * ((divergences[0] ?? 0) + (divergences[1] ?? 0))) / 2, 5);
  });
});

describe("forms of the feature term", () => {
  // With the map's parameters in hand the mapped features follow; here l2 against cosine and softmax by their own definitions.
  it("are each their own distance, 0 or more, and hold the map where asked", () => {
    const value = (featureForm: string): number =>
      terms(distillationMethod, { kd: { featureForm } }).values["featureKd"] ?? NaN;
    const [softmax, l2, cosine] = [value("softmax"), value("l2"), value("cosine")];
    expect(new Set([softmax, l2, cosine]).size).toBe(3);
    for (const one of [softmax, l2, cosine]) expect(one).toBeGreaterThan(0);
    expect(cosine).toBeLessThan(2);
    // twice the features: the cosine stays, the difference does not
    const doubled = { ...tensors, features: float32Tensor([2, 3], [2, 0, -2, 1, 4, 0]) };
    const again = (featureForm: string): number =>
      terms(distillationMethod, { kd: { featureForm } }, { given: doubled }).values["featureKd"] ?? NaN;
    expect(again("cosine")).toBeCloseTo(cosine, 5);
    expect(again("l2")).not.toBeCloseTo(l2, 2);
    for (const featureForm of ["l2", "cosine"]) {
      const slope = (detachTeacherBranch: boolean): number[] =>
        terms(
          distillationMethod,
          { kd: { featureForm, detachTeacherBranch } },
          { slopeOf: ["featureKd", projectionParameter()] },
        ).slope;
      expect(slope(false).some((each) => Math.abs(each) > 1e-4)).toBe(true);
      expect(slope(true).every((each) => each === 0)).toBe(true);
    }
  });
});

/** The first parameter that the map of the teacher's features declares. */
function projectionParameter(): string {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const input = (name: string): Value => graph.input(name, tensors[name] ?? float32Tensor([0], []));
  const inputs = {
    classes: 4,
    labels: input("labels"),
    logits: input("logits"),
    features: input("features"),
  };
  const unused = { shown: none, outputs: none, outputsOf: none, draws: none };
  distillationMethod.build({ context, ...inputs, side: input, ...unused }, {});
  return context.specs[0]?.name ?? "";
}

describe("mutual information", () => {
  const settings = { mi: { embWeight: 0.1, measure: false, hidden: 8, qSteps: 0 } };
  const swapped = { ...tensors, features: float32Tensor([2, 3], [0.5, 2, 0, 1, 0, -1]) };

  it("its null pairs every outlier with the features of another image", () => {
    const [straight, crossed] = [tensors, swapped].map(
      (given) => terms(mutualInformationMethod, settings, { given }).values,
    );
    expect(straight?.["clubNull"]).toBeCloseTo(crossed?.["clubBound"] ?? NaN, 6);
    expect(crossed?.["clubNull"]).toBeCloseTo(straight?.["clubBound"] ?? NaN, 6);
    expect(straight?.["clubNull"]).not.toBeCloseTo(straight?.["clubBound"] ?? NaN, 4);
  });
});
