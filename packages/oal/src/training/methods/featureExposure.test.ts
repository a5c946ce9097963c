/** Outlier features: brought to the length of features, shown to the head, and to nothing else. */
import { evaluateReference, float32Tensor, gradients, Graph, linear, toNumbers } from "oal-core";
import { expect, it } from "vitest";
import { TrainingContext } from "../../nn/context.js";
import { featureExposureMethod } from "./featureExposure.js";

it("is the head's cross-entropy with the uniform label on outliers as long as features; no gradient reaches the features", () => {
  const graph = new Graph();
  const features = graph.constant(float32Tensor([2, 2], [3, 4, 0, 5]));
  const weight = graph.input("weight", { dtype: "float32", shape: [2, 2] });
  const bias = graph.constant(float32Tensor([2], [0, 0]));
  const outliers = graph.constant(float32Tensor([1, 2], [0, 0.5]));
  const apply = (value: typeof features): typeof features => linear(value, weight, bias);
  const { featureUniform: term } = Object.fromEntries(
    featureExposureMethod
      .build(
        {
          context: new TrainingContext(graph),
          classes: 2,
          labels: outliers,
          logits: apply(features),
          features,
          head: { weight, bias, apply },
          side: () => outliers,
          shown: () => ({ logits: outliers, features: outliers }),
          outputs: () => outliers,
          outputsOf: () => () => outliers,
          draws: () => outliers,
        },
        { featureExposure: { weight: 0.1 } },
      )
      .map(({ name, value }) => [name, value]),
  );
  if (!term) throw new Error("no term");
  graph.output("term", term);
  const [slope] = gradients(term, [features]);
  if (slope) graph.output("slope", slope);
  // the outlier becomes (0, 5), so that its logits are 5 and 10
  const results = evaluateReference(graph, { weight: float32Tensor([2, 2], [7, 1, 7, 2]) });
  const expected = Math.log(Math.exp(5) + Math.exp(10)) - (5 + 10) / 2;
  expect(toNumbers(results["term"] ?? float32Tensor([0], []))[0]).toBeCloseTo(expected, 4);
  expect(toNumbers(results["slope"] ?? float32Tensor([1], [1]))).toEqual([0, 0, 0, 0]);
});
