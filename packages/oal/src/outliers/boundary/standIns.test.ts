import { Random } from "oal-core";
import { expect, it } from "vitest";
import { boundarySchema } from "./options.js";
import { standInsFor } from "./standIns.js";

const [dimension, classes] = [6, 3];
const bank = {
  embeddings: new Random(3, "bank").normals(0, 60 * dimension).map((value) => 5 * value),
  dimension,
  labels: Int32Array.from({ length: 60 }, (_, row) => row % classes),
  classes,
};
const options = { ...boundarySchema.parse({ rounds: 8, keep: 2 }), seed: 1 };

it("are as many of every class as sampling keeps, unit vectors, the same for the same seed", () => {
  for (const kind of ["gaussian", "inliers"] as const) {
    const { embeddings, labels, anchors } = standInsFor(kind, bank, options);
    // 20 embeddings a class allow 2 anchors
    expect([...labels]).toEqual([0, 1, 2].flatMap((label) => Array.from({ length: 2 * 8 * 2 }, () => label)));
    expect(embeddings.length).toBe(labels.length * dimension);
    for (let row = 0; row < labels.length; row++) {
      const own = embeddings.subarray(row * dimension, (row + 1) * dimension);
      expect(Math.hypot(...own)).toBeCloseTo(1, 5);
    }
    expect(standInsFor(kind, bank, options)).toEqual({ embeddings, labels, anchors });
    expect(standInsFor(kind, bank, { ...options, seed: 2 }).embeddings).not.toEqual(embeddings);
  }
});

it("that are inliers are rows of their class, each once before any comes again", () => {
  const { embeddings, labels, anchors } = standInsFor("inliers", bank, options);
  anchors.forEach((row, i) => {
    expect(bank.labels[row]).toBe(labels[i]);
    const own = bank.embeddings.subarray(row * dimension, (row + 1) * dimension);
    const length = Math.hypot(...own);
    expect(embeddings[i * dimension]).toBeCloseTo((own[0] ?? 0) / length, 5);
  });
  expect(new Set(anchors.subarray(0, 20)).size).toBe(20);
  expect(standInsFor("gaussian", bank, options).anchors.every((row) => row === -1)).toBe(true);
});
