/** Networks that were read: what of them is a weight, where they can be cut, and that training starts from what they computed. */
import { describe, expect, it } from "vitest";
import {
  add,
  apply,
  batchNormInference,
  conv2d,
  evaluateReference,
  float32Tensor,
  globalAveragePool,
  gradients,
  Graph,
  linear,
  mul,
  normaliseImages,
  operators,
  Random,
  reduceSum,
  relu,
  sizeOf,
  sub,
  toNumbers,
  type Classifier,
  type Tensor,
} from "oal-core";
import { EvaluationContext, TrainingContext } from "../context.js";
import { initializeParameters } from "../parameters.js";
import { cutAt, importedNetwork, type ImportPlan } from "./index.js";

const random = new Random(3, "imported");
const drawn = (name: string, shape: readonly number[]): Tensor => {
  return float32Tensor(shape, random.derive(name).normals(0, sizeOf(shape)));
};

/** (x - shift) -> stem -> BatchNorm -> a block with a shortcut -> pool -> head of three classes. */
function small(form: "inference" | "training" = "inference"): Classifier {
  const graph = new Graph();
  const constant = (name: string, shape: readonly number[]) => graph.constant(drawn(name, shape), name);
  const images = graph.input("images", { dtype: "uint8", shape: ["batch", 3, 8, 8] });
  const input = normaliseImages(images, { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  const shifted = sub(input, graph.constant(float32Tensor([1, 3, 1, 1], [0.1, 0.2, 0.3]), "shift"));
  const stem = conv2d(shifted, constant("stem.weight", [4, 3, 3, 3]), undefined, { pads: 1 });
  const variance = graph.constant(float32Tensor([4], [1, 2, 3, 4]), "bn.variance");
  const vectors = [constant("bn.scale", [4]), constant("bn.bias", [4]), constant("bn.mean", [4])] as const;
  const normal = relu(
    form === "inference"
      ? batchNormInference(stem, ...vectors, variance)
      : apply(operators.BatchNormalizationTraining, [stem, ...vectors, variance], { training_mode: 1 }),
  );
  const inner = mul(
    relu(conv2d(normal, constant("block.weight", [4, 4, 3, 3]), undefined, { pads: 1 })),
    0.5,
  );
  const joined = add(inner, normal);
  const features = globalAveragePool(conv2d(joined, constant("last.weight", [6, 4, 1, 1])));
  const weight = constant("fc.weight", [3, 6]);
  const bias = constant("fc.bias", [3]);
  const logits = linear(features, weight, bias);
  return {
    graph,
    taps: { images, input, logits, features, maps: new Map([["joined", joined]]) },
  };
}

const plan: ImportPlan = { frozen: null, batchNorm: "keep", rate: 0.1, layerDecay: 0.5 };
const sizes = { classes: 3, imageSize: 8 };
const pictures = float32Tensor([2, 3, 8, 8], toNumbers(drawn("pictures", [2, 3, 8, 8])));

/** What the classifier itself says of normalised pictures. */
function original(form: "inference" | "training" = "inference"): number[] {
  const { graph, taps } = small(form);
  const network = importedNetwork({ name: "small", taps, head: null, plan });
  expect(graph.outputs.size).toBe(0);
  const copy = new Graph();
  const built = network.build(new EvaluationContext(copy, network.first), copy.input("x", pictures), sizes);
  copy.output("y", built.logits);
  return toNumbers(evaluateReference(copy, { x: pictures })["y"] ?? pictures);
}

describe("a network that was read", () => {
  it("has as weights what its layers read, each with its depth; not scalars, statistics and the shift of pictures", () => {
    const { taps } = small();
    const { trained, anatomy } = importedNetwork({ name: "small", taps, head: null, plan });
    expect(trained.map(({ value, depth }) => [value.name, depth])).toEqual([
      ["stem.weight", 1],
      ["bn.scale", 1],
      ["bn.bias", 1],
      ["block.weight", 2],
      ["last.weight", 3],
      ["fc.weight", 4],
      ["fc.bias", 4],
    ]);
    expect(anatomy.depth).toBe(4);
    expect(anatomy.batchNorms).toBe(1);
  });

  it("takes the statistics of the file, also where that is in the form of a training", () => {
    expect(original("training")).toEqual(original());
  });

  it("declares them with rates that fall from layer to layer, and starts from the values of the file", () => {
    const { taps } = small();
    const network = importedNetwork({ name: "small", taps, head: null, plan });
    const graph = new Graph();
    const context = new TrainingContext(graph, "network");
    const { logits } = network.build(context, graph.input("x", pictures), sizes);
    expect(context.specs.map(({ name, rate, decay }) => [name, rate, decay])).toEqual([
      ["network.trunk.stem.weight", 0.0125, true],
      ["network.trunk.bn.scale", 0.0125, false],
      ["network.trunk.bn.bias", 0.0125, false],
      ["network.trunk.block.weight", 0.025, true],
      ["network.trunk.last.weight", 0.05, true],
      ["network.trunk.fc.weight", 0.1, true],
      ["network.trunk.fc.bias", 0.1, false],
    ]);
    graph.output("y", logits);
    const start = Object.fromEntries(initializeParameters(context.specs, 0));
    const found = evaluateReference(graph, { x: pictures, ...start })["y"] ?? pictures;
    expect(found.shape).toEqual([2, 3]);
    expect(toNumbers(found)).toEqual(original());
  });

  it("can be cut where nothing passes by; both halves together are the whole, and the first is not trained", () => {
    const { taps } = small();
    const whole = importedNetwork({ name: "small", taps, head: null, plan });
    const cut = cutAt(whole.anatomy, 0.75);
    expect(whole.anatomy.cuts.map(({ depth }) => depth)).toEqual([0, 1, 1, 1, 2, 3, 3, 3]);
    const network = importedNetwork({ name: "small", taps, head: null, plan: { ...plan, frozen: cut } });
    expect(network.trained.map(({ value }) => value.name)).toEqual(["fc.weight", "fc.bias"]);
    const first = new Graph();
    const at = network.split?.before(first.input("x", pictures));
    if (!at) throw new Error("no split");
    first.output("cut", at);
    const value = evaluateReference(first, { x: pictures })["cut"] ?? pictures;
    const second = new Graph();
    const context = new TrainingContext(second);
    const logits = network.split?.after(context, second.input("cut", value)).logits;
    if (!logits) throw new Error("no logits");
    second.output("y", logits);
    const results = evaluateReference(second, {
      cut: value,
      ...Object.fromEntries(initializeParameters(context.specs, 0)),
    });
    expect(toNumbers(results["y"] ?? value)).toEqual(original());
    expect(() =>
      importedNetwork({ name: "small", taps, head: null, plan: { ...plan, frozen: "nothing" } }),
    ).toThrow(/OAL-C211|no value "nothing"/);
  });

  it("cuts no network inside a block with a shortcut", () => {
    const { taps } = small();
    const inside = importedNetwork({ name: "small", taps, head: null, plan }).anatomy.nodes.find(
      ({ operator, inputs }) => operator.name === "Conv" && inputs[1]?.name === "block.weight",
    );
    const name = inside?.outputs[0]?.name ?? "";
    expect(() =>
      importedNetwork({ name: "small", taps, head: null, plan: { ...plan, frozen: name } }),
    ).toThrow("passes");
  });

  it("takes another head, whose layer alone is trained when everything before is frozen", () => {
    const { taps } = small();
    const head = { weight: drawn("other", [2, 6]), bias: drawn("otherBias", [2]) };
    const frozen = cutAt(importedNetwork({ name: "small", taps, head, plan }).anatomy, 1);
    expect(frozen).toBe(taps.features?.name);
    const network = importedNetwork({ name: "small", taps, head, plan: { ...plan, frozen } });
    const graph = new Graph();
    const context = new TrainingContext(graph);
    const built = network.build(context, graph.input("x", pictures), { classes: 2, imageSize: 8 });
    expect(context.specs.map(({ name, rate }) => [name, rate])).toEqual([
      ["head.weight", 1],
      ["head.bias", 1],
    ]);
    expect(built.logits.shape).toEqual([2, 2]);
    expect([...(built.maps?.keys() ?? [])]).toEqual(["joined"]);
    expect(network.featureDim(sizes)).toBe(6);
  });

  it("adapts running statistics where that is asked for, and refuses where there are none", () => {
    const { taps } = small();
    const network = importedNetwork({
      name: "small",
      taps,
      head: null,
      plan: { ...plan, batchNorm: "adapt" },
    });
    const graph = new Graph();
    const context = new TrainingContext(graph);
    const { logits } = network.build(context, graph.input("x", pictures), sizes);
    expect(context.specs.filter(({ kind }) => kind === "buffer").map(({ name }) => name)).toEqual([
      "trunk.bn.mean",
      "trunk.bn.variance",
    ]);
    expect([...context.bufferUpdates.keys()]).toEqual(["trunk.bn.mean", "trunk.bn.variance"]);
    const [slope] = gradients(reduceSum(mul(logits, logits)), [context.values("trunk.stem.weight")]);
    expect(slope?.shape).toEqual([4, 3, 3, 3]);
    const frozen = cutAt(network.anatomy, 0.75);
    const after = { ...plan, frozen, batchNorm: "adapt" as const };
    // the only one lies in the frozen part, which stays as it is
    expect(
      importedNetwork({ name: "small", taps, head: null, plan: after }).trained.map(({ kind }) => kind),
    ).toEqual(["weight", "weight"]);
  });
});
