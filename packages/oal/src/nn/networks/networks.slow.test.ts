import { describe, expect, it } from "vitest";
import {
  add,
  float32Tensor,
  gradients,
  Graph,
  mul,
  Random,
  reduceSum,
  type Tensor,
  type Value,
} from "oal-core";
import { goldenSuite } from "../../testing/goldenSuite.js";
import { EvaluationContext, TrainingContext, type Context } from "../context.js";
import { checkCase, hyperNumber, runGraph } from "../../testing/goldenProgram.js";
import { crossEntropy } from "../losses/crossEntropy.js";
import { sgd } from "../optimisers/sgd.js";
import { countParameters, initializeParameters } from "../parameters.js";
import { smallOptions } from "../../testing/smallNetworks.js";
import { networks } from "./index.js";
import { resnet18_32x32 } from "./resnet18_32x32.js";
import { patchesOf, whiteningWeights } from "./whitening.js";

const makeContext = (graph: Graph): TrainingContext => new TrainingContext(graph);

const options = { classes: 10, imageSize: 32 };

describe("networks", () => {
  it("ResNet-18 has OpenOOD's number of parameters and names", () => {
    const graph = new Graph();
    const context = new TrainingContext(graph);
    resnet18_32x32.build(context, graph.input("x", { dtype: "float32", shape: [2, 3, 32, 32] }), options);
    expect(countParameters(context.specs)).toBe(11_173_962);
    const names = context.specs.map(({ name }) => name);
    expect(names).toContain("layer2.0.shortcut.1.running_var");
    // 122 names of the state dict less 20 counters num_batches_tracked.
    expect(names).toHaveLength(102);
  });

  for (const network of networks.all) {
    it(`${network.id} gives logits and features in training and evaluation, and gradients for all parameters`, async () => {
      const small = { ...options, ...smallOptions(network) };
      const images = float32Tensor([2, 3, 32, 32], new Random(1, "test").normals(0, 2 * 3 * 32 * 32));
      const graph = new Graph();
      const context = new TrainingContext(graph, "net");
      const { logits, features } = network.build(context, graph.input("x", images), small);
      expect(features.shape).toEqual([2, network.featureDim(small)]);
      const trained = context.specs.filter(({ kind }) => kind === "parameter");
      const loss = reduceSum(mul(logits, logits), [0, 1]);
      const size = gradients(
        loss,
        trained.map(({ name }) => context.values(name)),
      ).map((g) =>
        reduceSum(
          mul(g, g),
          g.shape.map((_, i) => i),
        ),
      );
      graph.output(
        "norm",
        size.reduce((sum, term) => add(sum, term)),
      );
      const store = initializeParameters(context.specs, 3);
      const { norm } = await runGraph(graph, { x: images, ...Object.fromEntries(store) });
      expect(Number(norm?.data[0])).toBeGreaterThan(0);
      const evaluation = new Graph();
      const again = network.build(
        new EvaluationContext(evaluation, store, "net"),
        evaluation.input("x", images),
        small,
      );
      evaluation.output("logits", again.logits);
      const { logits: values } = await runGraph(evaluation, { x: images });
      expect(values?.shape).toEqual([2, 10]);
      expect([...(values?.data ?? [])].every((z) => Number.isFinite(Number(z)))).toBe(true);
    });
  }

  it("refuses unknown names and weights that do not fit", () => {
    expect(() => networks.find("resnetsmal")).toThrow(/did you mean resnetSmall|resnetSmall/);
    const graph = new Graph();
    const x = graph.input("x", { dtype: "float32", shape: [1, 3, 32, 32] });
    expect(() => resnet18_32x32.build(new EvaluationContext(graph, new Map()), x, options)).toThrow(
      /conv1.weight: missing/,
    );
  });

  it("whitening filters make patch components uncorrelated with unit variance", () => {
    const noise = new Random(5, "test").normals(0, 6 * 3 * 64);
    const images: Tensor = float32Tensor(
      [6, 3, 8, 8],
      noise.map((z, i) => z + 0.8 * (noise[i - 1] ?? 0) + 0.5),
    );
    const patches = patchesOf(images);
    const weights = whiteningWeights(patches);
    expect(weights.shape).toEqual([24, 3, 2, 2]);
    const rows = patches.length / 12;
    const project = (filter: number, row: number): number => {
      let sum = 0;
      for (let k = 0; k < 12; k++)
        sum += Number(weights.data[filter * 12 + k]) * (patches[row * 12 + k] ?? 0);
      return sum;
    };
    const moment = (a: number, b: number): number => {
      let [sumA, sumB, sumAB] = [0, 0, 0];
      for (let row = 0; row < rows; row++) {
        sumA += project(a, row) / rows;
        sumB += project(b, row) / rows;
        sumAB += (project(a, row) * project(b, row)) / rows;
      }
      return sumAB - sumA * sumB;
    };
    for (const filter of [0, 5, 11]) expect(moment(filter, filter)).toBeCloseTo(1, 1);
    expect(Math.abs(moment(0, 7))).toBeLessThan(1e-3);
    expect(Number(weights.data[12 * 12])).toBe(-Number(weights.data[0]));
  });
});

goldenSuite("resnet", {
  check: (golden) => {
    const network = {
      classes: hyperNumber(golden, "num_classes"),
      imageSize: hyperNumber(golden, "image_size"),
      width: hyperNumber(golden, "base_width"),
    };
    const rule = sgd.make({
      momentum: hyperNumber(golden, "momentum"),
      nesterov: golden.hyper["nesterov"] === true,
    });
    return checkCase(golden, makeContext, ({ context, graph, input }) => {
      const { logits, features } = resnet18_32x32.build(context, input("x"), network);
      const loss = crossEntropy(logits, input("labels"));
      const values: Record<string, Value> = { logits, features, loss };
      const trained = context.specs.filter(({ kind }) => kind === "parameter").map(({ name }) => name);
      const slopes = gradients(
        loss,
        trained.map((name) => context.values(name)),
      );
      trained.forEach((name, index) => {
        const parameter = context.values(name);
        const gradient = slopes[index];
        if (!gradient) return;
        const state = { momentum: mul(parameter, 0) };
        const own = { momentum: hyperNumber(golden, "momentum") };
        const after = rule.update(parameter, gradient, state, {
          learningRate: hyperNumber(golden, "lr"),
          decay: hyperNumber(golden, "weight_decay"),
          own,
        });
        values[`${name}.after`] = after.parameter;
        values[`${name}.after.norm`] = after.parameter;
      });
      const updated = (path: readonly string[]): Context => {
        const find = (name: string): Value => {
          const full = [...path, name].join(".");
          const value = values[`${full}.after`] ?? context.bufferUpdates.get(full);
          if (!value) throw new Error(`${full} was not updated`);
          return value;
        };
        const child = (name: string): Context => updated([...path, name]);
        return {
          graph,
          training: false,
          parameter: find,
          buffer: find,
          updateBuffer: () => undefined,
          child,
          scope: (body) => body(),
        };
      };
      values["logits.eval.after"] = resnet18_32x32.build(updated([]), input("x"), network).logits;
      return values;
    });
  },
});
