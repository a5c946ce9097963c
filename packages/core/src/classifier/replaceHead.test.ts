/** Another last layer takes the old one's place in taps, and the old one is no longer computed. */
import { describe, expect, it } from "vitest";
import {
  cast,
  evaluateReference,
  float32Tensor,
  gemm,
  Graph,
  readModel,
  reduceMean,
  uint8Tensor,
  writeModel,
} from "../graph/index.js";
import { exposeTaps, replaceHead, type Classifier } from "./index.js";

function colours(): Classifier {
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: ["batch", 3, 2, 2] });
  const features = reduceMean(cast(images, "float32"), [2, 3], false);
  const weight = graph.constant(float32Tensor([2, 3], [1, 0, 0, 0, 1, 1]), "old.weight");
  const bias = graph.constant(float32Tensor([2], [0, 0]), "old.bias");
  const apply = (given: typeof features): typeof features => gemm(given, weight, bias, { transB: true });
  return {
    graph,
    taps: { images, features, logits: apply(features), head: { weight, bias, apply }, maps: new Map() },
  };
}

const W = float32Tensor([4, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]);
const b = float32Tensor([4], [0, 0, 0, -1]);
const pictures = uint8Tensor([1, 3, 2, 2], Uint8Array.from([8, 8, 8, 8, 2, 2, 2, 2, 4, 4, 4, 4]));

describe("replaceHead", () => {
  it("gives logits of the new classes, and a head that is the new one", () => {
    const { graph, taps } = replaceHead(colours(), W, b);
    expect(taps.logits.knownType?.shape).toEqual(["batch", 4]);
    expect(taps.head?.weight.constant?.shape).toEqual([4, 3]);
    exposeTaps({ graph, taps }, ["logits", "features"]);
    const { logits, features } = evaluateReference(graph, { images: pictures });
    expect(features?.data).toEqual(Float32Array.of(8, 2, 4));
    expect(logits?.data).toEqual(Float32Array.of(8, 2, 4, 13));
    const written = readModel(writeModel(graph)).graph;
    expect(written.constants.map(({ name }) => name)).not.toContain("old.weight");
  });

  it("refuses sizes that do not fit, and a model without features", () => {
    const refused = (code: string): unknown => expect.objectContaining({ code });
    expect(() => replaceHead(colours(), float32Tensor([4, 2], new Float32Array(8)), b)).toThrowError(
      refused("OAL-E250"),
    );
    expect(() => replaceHead(colours(), W, float32Tensor([3], [0, 0, 0]))).toThrowError(refused("OAL-E250"));
    const { graph, taps } = colours();
    const { features: _features, ...bare } = taps;
    expect(() => replaceHead({ graph, taps: bare }, W, b)).toThrowError(refused("OAL-E213"));
  });
});
