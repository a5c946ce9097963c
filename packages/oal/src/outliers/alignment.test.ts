/** The map into the space of tokens: it finds the classes' anchors, whatever the scale of the features. */
import { Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { train } from "../training/trainer.js";
import { alignmentOf, alignmentTask, mapFeatures } from "./alignment.js";

const [dimension, width, classes, count] = [6, 4, 3, 30];
const random = new Random(4, "alignment");
const centres = random.normals(0, classes * dimension);
const labels = Array.from({ length: count }, (_, i) => i % classes);
const features = Float32Array.from({ length: count * dimension }, (_, at) => {
  const [row, d] = [Math.floor(at / dimension), at % dimension];
  const noise = random.normals(1 + row, dimension)[d] ?? 0;
  return (1 + (row % 5)) * ((centres[(row % classes) * dimension + d] ?? 0) + 0.1 * noise);
});
const anchors = random.normals(99, classes * width);

function cosine(a: Float32Array, b: Float32Array): number {
  const product = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

describe("an alignment", () => {
  it("classifies by cosines to the anchors, over the temperature", async () => {
    const task = alignmentTask({
      features,
      dimension,
      labels,
      anchors,
      classes,
      temperature: 0.1,
      batchSize: 10,
      seed: 1,
    });
    expect(task.batch(3)).toEqual(task.batch(3));
    const losses: number[] = [];
    const { parameters } = await train(
      testEngine,
      task,
      {
        name: "alignment",
        seed: 1,
        steps: 150,
        optimizer: { id: "sgd", momentum: 0.9, nesterov: true },
        schedule: { id: "cosine", rate: 0.1, warmup: 0, minFactor: 1e-5 },
        logEvery: 1,
      },
      (event) => event.kind === "loss" && losses.push(event.terms?.["total"] ?? NaN),
    );
    // the loss of equal logits is ln 3
    expect(losses.at(-1)).toBeLessThan(0.1 * Math.log(classes));
    const map = alignmentOf(parameters);
    const mapped = await mapFeatures(testEngine, map, features);
    for (let row = 0; row < count; row++) {
      const found = mapped.subarray(row * width, (row + 1) * width);
      const cosines = Array.from({ length: classes }, (_, c) =>
        cosine(found, anchors.subarray(c * width, (c + 1) * width)),
      );
      expect(cosines.indexOf(Math.max(...cosines))).toBe(labels[row]);
    }
    // the scale of a feature is nothing to it
    const twice = await mapFeatures(
      testEngine,
      map,
      features.map((value) => 7 * value),
    );
    twice.forEach((value, i) => expect(value).toBeCloseTo(mapped[i] ?? NaN, 4));
  });
});
