/** Scales inside networks that no shape shows: airbench's head, whitening's epsilon, the halving of maps. */
import {
  add,
  evaluateReference,
  float32Data,
  float32Tensor,
  Graph,
  operators,
  Random,
  toNumbers,
  type Tensor,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { EvaluationContext, TrainingContext } from "../context.js";
import { initializeParameters } from "../parameters.js";
import { airbench } from "./airbench.js";
import { resnet50 } from "./resnet.js";
import { resnetSmall } from "./resnetSmall.js";
import { whiteningWeights } from "./whitening.js";

describe("airbench", () => {
  it("has logits of a ninth of the head's product with the features", () => {
    const options = { classes: 3, imageSize: 12, widths: [4, 4, 5] };
    const shape = [2, 3, 12, 12];
    const declared = new TrainingContext(new Graph());
    airbench.build(declared, declared.graph.input("x", { dtype: "float32", shape }), options);
    const store = initializeParameters(declared.specs, 1);
    const graph = new Graph();
    const x: Tensor = float32Tensor(shape, new Random(1, "x").normals(0, 2 * 3 * 144));
    const built = airbench.build(new EvaluationContext(graph, store), graph.input("x", x), options);
    graph.output("logits", built.logits);
    graph.output("features", add(built.features, 0));
    const results = evaluateReference(graph, { x });
    const [logits, features] = ["logits", "features"].map((name) => {
      const tensor = results[name];
      return tensor ? toNumbers(tensor) : [];
    });
    const head = store.get("head.weight");
    const weights = head ? float32Data(head) : [];
    for (let n = 0; n < 2; n++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let d = 0; d < 5; d++) sum += (weights[5 * c + d] ?? NaN) * (features?.[5 * n + d] ?? NaN);
        expect(logits?.[3 * n + c]).toBeCloseTo(sum / 9, 5);
      }
  });
});

describe("whitening", () => {
  it("divides a direction by the root of its variance plus epsilon", () => {
    // Two uncorrelated components with variances 4 and 0 (n - 1 = 2).
    const weights = whiteningWeights([-2, 1, 0, 1, 2, 1], 2, 1, 0.01);
    const rows = [0, 1].map((row) => [0, 1].map((d) => Math.abs(Number(weights.data[2 * row + d]))));
    const sorted = rows.sort((a, b) => (a[1] ?? 0) - (b[1] ?? 0));
    expect(sorted).toEqual([
      [expect.closeTo(1 / Math.sqrt(4.01), 5), expect.closeTo(0, 5)],
      [expect.closeTo(0, 5), expect.closeTo(10, 4)],
    ]);
  });
});

describe("residual networks", () => {
  it("halve the map at the start of every stage but the first", () => {
    const graph = new Graph();
    const context = new TrainingContext(graph);
    const images = graph.input("x", { dtype: "float32", shape: [1, 3, 32, 32] });
    resnetSmall.build(context, images, { classes: 2, imageSize: 32, width: 4, blocks: 2 });
    const stages = new Map<string, Set<number | undefined>>();
    for (const { operator, inputs, outputs } of graph.nodes) {
      const stage = /^layer(\d)\.\d\.conv\d\.weight$/.exec(inputs[1]?.name ?? "")?.[1];
      if (operator !== operators.Conv || stage === undefined) continue;
      stages.set(stage, (stages.get(stage) ?? new Set()).add(outputs[0]?.shape[2]));
    }
    expect([...stages.values()].map((found) => [...found])).toEqual(
      [32, 16, 8, 4].slice(0, stages.size).map((side) => [side]),
    );
    expect(stages.size).toBeGreaterThan(2);
  });

  it("with bottlenecks have the stride in the 3x3 convolution", () => {
    const graph = new Graph();
    const images = graph.input("x", { dtype: "float32", shape: [1, 3, 64, 64] });
    const small = { classes: 2, imageSize: 64, widths: [4, 4, 4, 4], stageBlocks: [1, 2, 1, 1] };
    resnet50.build(new TrainingContext(graph), images, small);
    const strided = graph.nodes.flatMap(({ operator, inputs, attributes }) =>
      operator === operators.Conv && JSON.stringify(attributes["strides"]) === "[2,2]"
        ? [inputs[1]?.name]
        : [],
    );
    const stages = [2, 3, 4].flatMap((stage) => [
      `layer${stage}.0.conv2.weight`,
      `layer${stage}.0.downsample.0.weight`,
    ]);
    expect(strided).toEqual(["conv1.weight", ...stages]);
  });
});
