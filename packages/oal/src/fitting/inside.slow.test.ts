/** Detectors of maps and of gradients in a fit: measured, held by the file, and said why not where they cannot be. */
import { writeFileSync } from "node:fs";
import {
  float32Tensor,
  gemm,
  Graph,
  operators,
  Random,
  relu,
  reshape,
  softmax,
  writeModel,
  type Value,
} from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fitModel, openModel } from "../index.js";
import { ColourFolder } from "../testing/coloursFit.js";
import { testEngine } from "../testing/engine.js";
import { tooManyToHold } from "./inside.js";

const folder = new ColourFolder();
beforeAll(() => folder.fill());
afterAll(() => folder.remove());

const inside = ["odin", "adascale_a", "nac", "combood"];

describe("a fit with detectors that run inside the model", () => {
  it("measures them and puts them into the file, which gives the same scores; others decide", async () => {
    const { result, modelPath } = await fitModel(
      folder.options({
        detectors: ["msp", ...inside, "gram", "rankfeat"],
        unknown: folder.at("grey"),
        out: folder.at("both"),
      }),
    );
    expect(result.detectors.map(({ id }) => id)).toEqual(["msp", ...inside]);
    expect(result.decides).toBe("msp");
    const said = result.warnings.join("\n");
    expect(said).toContain(
      "odin, adascale_a, nac, combood, gram, rankfeat: measured and held by the model file, but not among",
    );
    // eight pictures of a class leave none to hold out
    expect(said).toMatch(/gram: none of the 0 images held out .*; it is left out/);
    expect(said).toContain(
      "rankfeat needs feature maps of two sizes, which this evaluation does not provide; it is left out",
    );
    for (const { id, sets, leaveClassOut } of result.detectors) {
      expect(sets.map(({ name }) => name)).toEqual(["unknown", "drawn"]);
      expect(leaveClassOut === null).toBe(id !== "msp");
    }
    for (const id of inside) {
      const scorer = await openModel(modelPath, { engine: testEngine, detector: id });
      const { score } = await scorer.score(folder.at("three", "red", "0.png"));
      expect(Number.isFinite(score)).toBe(true);
      await scorer.release();
    }
  });

  it("chooses among them where they are asked for alone", async () => {
    const { result } = await fitModel(
      folder.options({ detectors: ["odin", "nac"], out: folder.at("alone") }),
    );
    expect(result.choice.candidates.map(({ detector }) => detector)).toEqual(["odin", "nac"]);
    expect(result.choice.candidates.every(({ leaveClassOut }) => leaveClassOut !== null)).toBe(true);
    expect(result.detectors.every(({ leaveClassOut }) => leaveClassOut !== null)).toBe(true);
  });
});

describe("what cannot be is said", () => {
  it("a model that has no gradient and shows no maps; more pictures than memory should hold", async () => {
    const graph = new Graph();
    const random = new Random(2, "no gradient");
    const input = graph.input("input", { dtype: "float32", shape: ["batch", 3, 8, 8] });
    const weight = (step: number, rows: number, columns: number): Value =>
      graph.constant(float32Tensor([rows, columns], random.normals(step, rows * columns)));
    // the remainder has no gradient
    const [rest = input] = graph.node(operators.Mod, [input, graph.constant(float32Tensor([], [1000]))], {
      fmod: 1,
    });
    const flat = reshape(rest, ["batch", 192]);
    const features = relu(gemm(flat, weight(0, 12, 192), null, { transB: true }));
    graph.output("scores", softmax(gemm(features, weight(1, 3, 12), null, { transB: true }), 1));
    writeFileSync(folder.at("remainder.onnx"), writeModel(graph));
    const { result } = await fitModel(
      folder.options({
        model: folder.at("remainder.onnx"),
        detectors: ["mls", "odin", "gram"],
        out: folder.at("remainder-out"),
      }),
    );
    expect(result.detectors.map(({ id }) => id)).toEqual(["mls"]);
    const said = result.warnings.join("\n");
    expect(said).toContain("gram is left out: the model shows no feature maps");
    expect(said).toMatch(/odin needs the gradient of the model, and its Mod.* has none; it is left out/);
    expect(tooManyToHold(7000, { crop: 224 })).toBeUndefined();
    expect(tooManyToHold(10_000, { crop: 224 })).toContain(
      "10000 pictures of 224 x 224 pixels would take 1.4 GB",
    );
  });
});

describe("a fit with a combination", () => {
  it("chooses it by cross-validation, measures it, and the file gives its scores", async () => {
    const { result, modelPath } = await fitModel(
      folder.options({
        detectors: ["msp", "knn", "mds"],
        combine: true,
        unknown: folder.at("grey"),
        out: folder.at("combined"),
      }),
    );
    const own = result.detectors.at(-1);
    expect(own?.id).toBe("combination");
    const members = result.combination?.steps.map(({ detector }) => detector) ?? [];
    expect(own?.parameters).toEqual({ members: members.join(", ") });
    expect(own?.leaveClassOut).not.toBeNull();
    // with seven test pictures of three colours it is no better than by chance
    expect(result.choice.sentence).toMatch(
      result.decides === "combination"
        ? /^The combination decides: /
        : members.length > 1
          ? / The combination is measured only: /
          : / decides: /,
    );
    const scorer = await openModel(modelPath, { engine: testEngine, detector: "combination" });
    const edge = result.edges.known[0];
    const said = await scorer.score(folder.at("three", edge?.id ?? ""));
    if (result.decides === "combination") expect(said.score).toBeCloseTo(edge?.score ?? NaN, 5);
    expect(said.score).toBeGreaterThan(-1);
    expect(said.score).toBeLessThanOrEqual(1);
    await scorer.release();
  });
});
