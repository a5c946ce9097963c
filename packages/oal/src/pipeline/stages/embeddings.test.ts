import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cast,
  float32Tensor,
  Graph,
  int64Tensor,
  memoryRows,
  Random,
  reshape,
  slice,
  type Tensor,
} from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { predictions } from "../../evaluation/outputs.js";
import { writeSafetensors } from "../../nn/safetensors.js";
import { testEngine } from "../../testing/engine.js";
import { Predictor } from "../../training/predict.js";
import { bankRows, writeEmbeddings } from "./embeddings.js";

const folder = mkdtempSync(join(tmpdir(), "oal-embeddings-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** 12 images of class 0, 6 of class 1 and 2 of class 2, mixed. */
const labels = Int32Array.of(0, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 2, 0, 1, 0, 0);

const counts = (rows: readonly number[]): number[] =>
  [0, 1, 2].map((label) => rows.filter((row) => labels[row] === label).length);

describe("the rows of an embedding bank", () => {
  it("are so many of each class, or all where there are fewer, in the set's order", () => {
    expect(counts(bankRows(labels, 3, 1, 7))).toEqual([1, 1, 1]);
    expect(counts(bankRows(labels, 3, 3, 7))).toEqual([3, 3, 2]);
    expect(counts(bankRows(labels, 3, 6, 7))).toEqual([6, 6, 2]);
    expect(counts(bankRows(labels, 3, 100, 7))).toEqual([12, 6, 2]);
    const rows = bankRows(labels, 3, 4, 7);
    expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
  });

  it("are drawn by the seed from the whole class", () => {
    expect(bankRows(labels, 3, 3, 7)).toEqual(bankRows(labels, 3, 3, 7));
    const seen = new Set(Array.from({ length: 40 }, (_, seed) => bankRows(labels, 3, 2, seed)).flat());
    expect(seen.size).toBe(20);
  });

  it("leave no image of a wrong label out in silence", () => {
    for (const wrong of [-1, 3])
      expect(() => bankRows(Int32Array.of(0, wrong, 2), 3, 2, 7)).toThrow(`label ${wrong}`);
  });
});

it("are written as they come, the same bytes as whole", async () => {
  const graph = new Graph();
  const numbers = reshape(
    cast(graph.input("images", { dtype: "uint8", shape: [2, 3, 4, 4] }), "float32"),
    [2, 48],
  );
  graph.output("logits", slice(numbers, [0], [3], [1]));
  graph.output("features", slice(numbers, [3], [8], [1]));
  const predictor = await Predictor.ofGraph(testEngine, graph, { rows: 2 });
  const pixels = Uint8Array.from(new Random(1, "pixels").uniforms(0, 7 * 48), (u) => 256 * u);
  const set = memoryImageSet("train", pixels, Int32Array.of(0, 1, 2, 0, 1, 2, 0), ["a", "b", "c"]);
  const { logits, features } = await predictor.predict(set);
  const banked = Float32Array.from({ length: 10 }, (_, i) => i);
  const paths = [join(folder, "parts"), join(folder, "whole")] as const;
  const done: number[] = [];
  const named = await writeEmbeddings(paths[0], predictor, set, { rows: [1, 4], banked }, (count) => {
    done.push(count);
  });
  await predictor.release();
  await writeSafetensors(
    paths[1],
    new Map<string, Tensor>([
      ["logits", float32Tensor([7, 3], logits)],
      ["features", float32Tensor([7, 5], features)],
      ["labels", int64Tensor([7], set.labels)],
      ["bankRows", int64Tensor([2], [1, 4])],
      ["bankFeatures", float32Tensor([2, 5], banked)],
    ]),
  );
  expect(readFileSync(paths[0]).equals(readFileSync(paths[1]))).toBe(true);
  expect(named).toEqual(predictions(memoryRows(logits, 3)));
  expect(done).toEqual([2, 4, 6, 7]);
});
