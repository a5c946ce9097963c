/** Taps are found by name, whatever built the graph. */
import { describe, expect, it } from "vitest";
import {
  evaluateReference,
  float32Tensor,
  gemm,
  Graph,
  reduceMean,
  softmax,
  uint8Tensor,
} from "../graph/index.js";
import { cast } from "../graph/functions/index.js";
import { exposeTaps, isTapName, tapNames, tapValue, type Classifier } from "./index.js";

/** A linear model of the mean colour that shows probabilities only, as models of others do. */
function linearModel(): Classifier {
  const graph = new Graph();
  const images = graph.input("pictures", { dtype: "uint8", shape: [2, 3, 2, 2] });
  const map = cast(images, "float32");
  const features = reduceMean(map, [2, 3], false);
  const weight = graph.constant(float32Tensor([2, 3], [1, 0, 0, 0, 1, 1]));
  const logits = gemm(features, weight, null, { transB: true });
  graph.output("probabilities", softmax(logits, 1));
  return { graph, taps: { images, logits, features, maps: new Map([["colours", map]]) } };
}

describe("taps", () => {
  it("are named in order, those that are there", () => {
    const { taps } = linearModel();
    expect(tapNames(taps)).toEqual(["images", "logits", "features", "maps.colours"]);
    const { features: _features, ...rest } = taps;
    const bare = { ...rest, maps: new Map() };
    expect(tapNames(bare)).toEqual(["images", "logits"]);
    expect(() => tapValue(bare, "features")).toThrow(
      'the model has no tap "features"; it shows images, logits',
    );
    const trained = { ...taps, heads: new Map([["sure", taps.logits]]) };
    expect(tapNames(trained).at(-1)).toBe("heads.sure");
    expect(tapValue(trained, "heads.sure")).toBe(taps.logits);
    expect(() => tapValue(taps, "heads.sure")).toThrow('the model has no tap "heads.sure"');
    expect(() => tapValue(taps, "maps.none")).toThrowError(expect.objectContaining({ code: "OAL-E213" }));
  });

  it("have names of one form", () => {
    const names = ["images", "logits", "features", "head", "maps", "maps.layer4", "heads.confidence"];
    expect(names.every(isTapName)).toBe(true);
    expect(["maps.", "heads.", "heads", "map", "Logits", "layer4"].some(isTapName)).toBe(false);
  });

  it("become outputs of the graph beside its own", () => {
    const model = linearModel();
    const graph = exposeTaps(model, ["logits", "maps.colours"]);
    expect([...graph.outputs.keys()]).toEqual(["probabilities", "logits", "maps.colours"]);
    const pictures = uint8Tensor(
      [2, 3, 2, 2],
      Uint8Array.from({ length: 24 }, (_, i) => i),
    );
    const outputs = evaluateReference(graph, { pictures });
    expect(outputs["logits"]?.data).toEqual(Float32Array.of(1.5, 15, 13.5, 39));
    expect(outputs["maps.colours"]?.shape).toEqual([2, 3, 2, 2]);
  });
});
