/** Exposures on inputs small enough to compute by hand, and what each of them needs. */
import {
  evaluateReference,
  float32Tensor,
  Graph,
  gradients,
  linear,
  Random,
  runOnce,
  toNumbers,
  type Tensor,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { TrainingContext } from "../../nn/context.js";
import { outlierContrastLoss } from "../../nn/losses/contrast.js";
import { initializeParameters } from "../../nn/parameters.js";
import { testEngine } from "../../testing/engine.js";
import { exposureMethod } from "../methods/exposure.js";
import { alignmentLoss, alignOutliers } from "./alignment.js";
import type { ExposureInputs } from "./exposure.js";
import { exposures } from "./index.js";
import { uniformLabel } from "./uniformLabel.js";

const matrix = (rows: readonly (readonly number[])[]): Tensor =>
  float32Tensor([rows.length, rows[0]?.length ?? 0], rows.flat());

/** Values of named scalars of a graph of some inputs. */
function evaluate(
  tensors: Readonly<Record<string, Tensor>>,
  build: (values: (name: string) => Value, context: TrainingContext) => Readonly<Record<string, Value>>,
): Record<string, number[]> {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const inputs = new Map(Object.entries(tensors).map(([name, tensor]) => [name, graph.input(name, tensor)]));
  const find = (name: string): Value => inputs.get(name) ?? graph.scalar(NaN);
  for (const [name, value] of Object.entries(build(find, context))) graph.output(name, value);
  const state = Object.fromEntries(initializeParameters(context.specs, 1));
  const results = evaluateReference(graph, { ...tensors, ...state });
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, toNumbers(tensor)]));
}

const near = (value: number): unknown => expect.closeTo(value, 5);
const logSumExp = (values: readonly number[]): number => {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
};
const softplus = (x: number): number => Math.log1p(Math.exp(x));
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

const withWeight: Readonly<Record<string, string>> = {
  uniformLabel: "uniformWeight",
  energyMargin: "energyWeight",
  outlierDistillation: "distillWeight",
  logisticEnergy: "logisticWeight",
  latentExposure: "latentWeight",
  outlierContrast: "contrastWeight",
  rejectClass: "rejectWeight",
};

/** One exposure alone. */
const only = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  exposure: {
    ...Object.fromEntries(Object.values(withWeight).map((key) => [key, 0])),
    [withWeight[id] ?? ""]: 1,
    ...more,
  },
});

describe("what exposures need", () => {
  it.each([
    ["uniformLabel", {}, ["outlierImages", "exposureGate"]],
    ["outlierDistillation", {}, ["outlierImages", "exposureGate", "outlierTeacherLogits"]],
    ["logisticEnergy", {}, ["outlierImages", "exposureGate"]],
    ["rejectClass", {}, ["outlierImages", "exposureGate"]],
    ["latentExposure", {}, ["exposureGate", "outlierEmbeddings", "teacherFeatures"]],
    ["outlierContrast", {}, ["exposureGate", "outlierEmbeddings", "teacherFeatures"]],
    ["outlierContrast", { contrastNegatives: "pictures" }, ["outlierImages", "exposureGate"]],
  ])("%s %j", (id, more, needs) => {
    expect(exposureMethod.parts(only(id, more))).toEqual([id]);
    expect(exposureMethod.needs(only(id, more))).toEqual(needs);
    expect(exposureMethod.shows(only(id, more))).toEqual(needs.filter((name) => name === "outlierImages"));
  });

  it("names what has no effect beside them", () => {
    const idle = (settings: ReturnType<typeof only>): string[] =>
      exposureMethod
        .ignored(settings)
        .flatMap(([keys, because]) => (because === false ? [] : keys))
        .filter((key) => ["fraction", "outliers", "start", "statistics", "alignmentSteps"].includes(key));
    expect(idle(only("logisticEnergy"))).toEqual(["alignmentSteps"]);
    expect(idle(only("latentExposure"))).toEqual(["fraction", "outliers", "statistics"]);
    expect(idle(only("none"))).toEqual(["fraction", "start", "outliers", "statistics", "alignmentSteps"]);
  });

  it("the uniform label alone has a weight where none is given, a small one", () => {
    expect(exposureMethod.parts({ exposure: {} })).toEqual(["uniformLabel"]);
    expect(uniformLabel.schema.parse({})).toEqual({ uniformWeight: 0.1 });
  });
});

it("the logistic energy has parameters of its own, which a student's file does not have", () => {
  const logits = [
    [1, 2],
    [0, -1],
    [3, 3],
  ];
  const outlierLogits = [[0.5, 0.5]];
  const names: string[] = [];
  const { term } = evaluate({ logits: matrix(logits), outliers: matrix(outlierLogits) }, (value, context) => {
    const made = exposureMethod.build(
      {
        context,
        classes: 2,
        labels: value("logits"),
        logits: value("logits"),
        features: value("logits"),
        side: () => context.graph.scalar(1),
        shown: () => ({ logits: value("outliers"), features: value("outliers") }),
        draws: () => value("logits"),
        outputs: () => value("logits"),
        outputsOf: () => () => value("logits"),
      },
      only("logisticEnergy"),
    );
    names.push(...context.specs.map(({ name }) => name));
    return Object.fromEntries(made.map((each) => ["term", each.value]));
  });
  // a starts at 1 and b at 0
  const expected =
    mean(logits.map((row) => softplus(-logSumExp(row)))) +
    mean(outlierLogits.map((row) => softplus(logSumExp(row))));
  expect(term).toEqual([near(expected)]);
  expect(names).toEqual(["exposure.logisticEnergy.scale", "exposure.logisticEnergy.bias"]);
});

describe("latent exposure", () => {
  const features = [
    [1, 2],
    [0.5, 0],
  ];
  const aligned = [
    [3, 0],
    [0, 0.1],
  ];
  const weight = [
    [1, 0],
    [0.5, -1],
    [0, 2],
  ];
  const answers = (rows: readonly (readonly number[])[]): number[][] =>
    rows.map((row) => weight.map((w) => w.reduce((sum, each, i) => sum + each * (row[i] ?? 0), 0)));
  const [inside, outside] = [features, aligned].map((rows) => answers(rows).map(logSumExp));

  const terms = (options: Readonly<Record<string, unknown>>) =>
    evaluate(
      { features: matrix(features), aligned: matrix(aligned), weight: matrix(weight) },
      (value, context) => {
        const [bias, w] = [context.graph.constant(float32Tensor([3], [0, 0, 0])), value("weight")];
        const apply = (rows: Value): Value => linear(rows, w, bias);
        const inputs: ExposureInputs = {
          context: context.child("latent"),
          labels: value("features"),
          logits: apply(value("features")),
          features: value("features"),
          head: { weight: w, bias, apply },
          side: value,
          outliers: { logits: value("features"), features: value("features") },
          alignedOutliers: () => value("aligned"),
          heads: value,
          outlierHeads: value,
        };
        const built = exposures.find("latentExposure").build(inputs, { latentWeight: 1, ...options });
        const [slope] = gradients(built["latentExposure"] ?? w, [w]);
        return { ...built, ...(slope ? { slope } : {}) };
      },
    );

  it("logistic: the energies of the head's answers, and the share of pairs in order", () => {
    const got = terms({});
    const expected =
      mean((inside ?? []).map((energy) => softplus(-energy))) + mean((outside ?? []).map(softplus));
    expect(got["latentExposure"]).toEqual([near(expected)]);
    const pairs = (inside ?? []).flatMap((a) => (outside ?? []).map((b) => (a > b ? 1 : 0)));
    expect(got["latentSeparation"]).toEqual([near(mean(pairs))]);
    expect(mean(pairs)).not.toBe(1);
    expect(got["slope"]?.some((value) => value !== 0)).toBe(true);
  });

  it("uniform: the mean negative log probability of all classes", () => {
    const expected = mean(answers(aligned).flatMap((row) => row.map((z) => logSumExp(row) - z)));
    expect(terms({ latentForm: "uniform" })["latentExposure"]).toEqual([near(expected)]);
  });

  it("margin: hinges around the batch's mean energy", () => {
    const centre = mean(inside ?? []);
    const hinge = (x: number): number => Math.max(0, x) ** 2;
    const expected =
      mean((inside ?? []).map((energy) => hinge(centre - energy))) +
      mean((outside ?? []).map((energy) => hinge(energy - (centre - 0.5))));
    const got = terms({ latentForm: "margin", latentMargin: 0.5 });
    expect(got["latentExposure"]).toEqual([near(expected)]);
  });
});

describe("the alignment of outlier embeddings", () => {
  it("loses relative squared error and cosine", () => {
    const { loss } = evaluate(
      {
        mapped: matrix([
          [1, 0],
          [0, 2],
        ]),
        features: matrix([
          [1, 1],
          [0, 4],
        ]),
      },
      (value) => ({ loss: alignmentLoss(value("mapped"), value("features")) }),
    );
    // errors 1 and 4 over squares 2 and 16; cosines 1/√2 and 1
    expect(loss).toEqual([near(5 / 18 + 1 - (Math.SQRT1_2 + 1) / 2)]);
  });

  it("is fitted in the step, by no optimiser of the student's, and whatever the length of an embedding", async () => {
    const random = new Random(1, "alignment");
    const draw = (step: number, columns: number): Tensor =>
      float32Tensor([6, columns], random.normals(step, 6 * columns));
    const tensors = { features: draw(0, 3), teacher: draw(1, 4), outliers: draw(2, 4) };
    const long = float32Tensor(
      [6, 4],
      toNumbers(tensors.outliers).map((value) => 7 * value),
    );
    const run = async (outliers: Tensor, steps: number) => {
      const graph = new Graph();
      const context = new TrainingContext(graph);
      const made = alignOutliers({
        context,
        features: graph.input("features", tensors.features),
        teacherFeatures: graph.input("teacher", tensors.teacher),
        outlierEmbeddings: graph.input("outliers", outliers),
        steps,
        rate: 1e-2,
      });
      graph.output("aligned", made.outliers);
      graph.output("loss", made.loss);
      const state = Object.fromEntries(initializeParameters(context.specs, 1));
      const found = await runOnce(testEngine, graph, { ...tensors, outliers, ...state });
      const numbers = (name: string): number[] => (found[name] ? toNumbers(found[name]) : []);
      return {
        aligned: numbers("aligned"),
        loss: numbers("loss")[0] ?? NaN,
        kinds: context.specs.map(({ kind }) => kind),
      };
    };
    const [one, other, later] = [
      await run(tensors.outliers, 1),
      await run(long, 1),
      await run(tensors.outliers, 4),
    ];
    expect(new Set(one.kinds)).toEqual(new Set(["buffer"]));
    one.aligned.forEach((value, i) => expect(other.aligned[i]).toBeCloseTo(value, 4));
    expect(later.loss).toBeLessThan(0.97 * one.loss);
  });
});

describe("contrast with outliers", () => {
  const rows = [
    [1, 0.2, 0],
    [0.9, -0.3, 0.1],
    [0, 1, 0.4],
    [0.1, 0.8, -0.5],
    // alone in its class: it attracts nothing, and others are told from it
    [-1, 0.2, 0.3],
  ];
  const classes = [0, 0, 1, 1, 2];
  const labels = classes.map((label) => [0, 1, 2].map((c) => (c === label ? 1 : 0)));
  const outliers = [
    [0.5, 0.5, 0.5],
    [0, 0, -2],
  ];
  const [temperature, outlierShare] = [0.5, 0.7];

  const unit = (row: readonly number[]): number[] => row.map((x) => x / Math.hypot(...row));
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  /** The formula as it is written. */
  const byHand = (given: readonly (readonly number[])[], others = outliers): number => {
    const [u, w] = [given.map(unit), others.map(unit)];
    const losses = u.map((own, i) => {
      const mates = u.flatMap((_, p) => (p !== i && classes[p] === classes[i] ? [p] : []));
      if (mates.length === 0) return 0;
      const others = u.flatMap((other, a) => (a === i ? [] : [Math.exp(dot(own, other) / temperature)]));
      const all =
        others.reduce((sum, x) => sum + x, 0) +
        outlierShare * w.reduce((sum, other) => sum + Math.exp(dot(own, other) / temperature), 0);
      return -mean(mates.map((p) => dot(own, u[p] ?? []) / temperature - Math.log(all)));
    });
    return mean(losses);
  };

  it("is the formula, and its gradients are those of differences", () => {
    const tensors = { rows: matrix(rows), labels: matrix(labels), outliers: matrix(outliers) };
    const got = evaluate(tensors, (value) => {
      const loss = outlierContrastLoss(value("rows"), value("labels"), value("outliers"), {
        temperature,
        outlierShare,
      });
      const [byRows = loss, byOutliers = loss] = gradients(loss, [value("rows"), value("outliers")]);
      return { loss, byRows, byOutliers };
    });
    expect(got["loss"]).toEqual([near(byHand(rows))]);
    const step = 1e-4;
    const moved = (of: readonly (readonly number[])[], i: number, by: number): number[][] =>
      of.map((row, r) => row.map((x, c) => (3 * r + c === i ? x + by : x)));
    for (const [i, slope] of (got["byRows"] ?? []).entries()) {
      const difference = (byHand(moved(rows, i, step)) - byHand(moved(rows, i, -step))) / (2 * step);
      expect(slope).toBeCloseTo(difference, 4);
    }
    for (const [i, slope] of (got["byOutliers"] ?? []).entries()) {
      const plus = byHand(rows, moved(outliers, i, step));
      const minus = byHand(rows, moved(outliers, i, -step));
      expect(slope).toBeCloseTo((plus - minus) / (2 * step), 4);
    }
  });
});
