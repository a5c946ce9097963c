/** CombOOD against scikit-learn's transformations and the distance of k nearest neighbours. */
import { expect, it } from "vitest";
import { evaluateReference, Graph, type Tensor } from "../../graph/index.js";
import { fitPower, yeoJohnson } from "../fitting/power.js";
import { algebraHere, type Algebra } from "../fitting/algebra.js";
import { detectors, memoryRows, type FitSource } from "../index.js";
import { hasAll } from "../inputs.js";

const count = 40;
const each = (of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));
/** Largest and minus smallest value of a map, and of the class scores, by image. */
const columns = [
  each((i) => Math.exp(Math.sin(1.7 * i))),
  each((i) => 3 + Math.cos(2.3 * i) ** 3),
  each((i) => 2 + Math.sin(0.9 * i)),
  each((i) => 1 + Math.cos(1.1 * i) ** 2),
];
const features = Float32Array.from({ length: 3 * count }, (_, k) => Math.sin(k * k + 1));

const sourceOf =
  (measuredColumns: readonly (readonly number[])[]): FitSource =>
  (set, taps) => ({
    set,
    count,
    classes: 2,
    async *batches() {
      const rows = (width: number, data: Float32Array) => ({ shape: [count, width], data });
      const measured = Float32Array.from(
        { length: 4 * count },
        (_, k) => measuredColumns[k % 4]?.[Math.floor(k / 4)] ?? 0,
      );
      const found = { measured: rows(4, measured), features: rows(3, features) };
      if (hasAll(found, taps)) yield { count, labels: new Int32Array(count), taps: found };
      await Promise.resolve();
    },
  });
const source = sourceOf(columns);

const tensor = (shape: readonly number[], values: readonly number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(values),
});

it("a power is scikit-learn's, and one value needs none", () => {
  // PowerTransformer of scikit-learn 1.2.1 behind StandardScaler
  const expected = [0.3340924, 1.0235414, 1.1009235, 0.9923112];
  columns.forEach((column, k) => {
    const mean = column.reduce((sum, x) => sum + x, 0) / count;
    const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count);
    expect(fitPower(column.map((x) => (x - mean) / deviation))).toBeCloseTo(expected[k] ?? NaN, 4);
  });
  expect(fitPower([0, 0, 0])).toBe(1);
  expect([yeoJohnson(3, 0.5), yeoJohnson(-3, 0.5), yeoJohnson(3, 1)]).toEqual([2, -(8 - 1) / 1.5, 3]);
});

it("is minus √d log D of k nearest neighbours, minus the squared distance of the extremes", async () => {
  const given = { neighbours: 4 };
  const confidence = async (id: string): Promise<number[]> => {
    const detector = detectors.find(id);
    const graph = new Graph();
    const input = (name: string, shape: readonly number[]) => graph.input(name, { dtype: "float32", shape });
    const maps = new Map([["last", input("map", [2, 1, 1, 2])]]);
    const taps = { maps, logits: input("logits", [2, 2]), features: input("features", [2, 3]) };
    graph.output("confidence", detector.score(graph, taps, await detector.fit(source, given), given));
    const found = evaluateReference(graph, {
      map: tensor([2, 1, 1, 2], [1, -2.5, 4, -4.5]),
      logits: tensor([2, 2], [2, -1.5, -1.2, 0.5]),
      features: tensor([2, 3], [1, 2, 3, -1, 0.5, 0]),
    });
    return Array.from(found["confidence"]?.data ?? [], Number);
  };
  const distances = (await confidence("knn")).map((value) => -value);
  // StandardScaler, PowerTransformer, numpy's covariance plus the identity, scipy's mahalanobis
  const squared = [0.4196261, 8.523992];
  const expected = squared.map((m, i) => -Math.sqrt(3) * Math.log(distances[i] ?? 0) - m);
  (await confidence("combood")).forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 3));
});

it("has its large matrices multiplied and decomposed by the algebra that is handed in", async () => {
  const asked: string[] = [];
  const algebra: Algebra = {
    ...algebraHere,
    moments: (rows) => {
      asked.push(`moments of ${rows.count} rows of ${rows.width}`);
      return algebraHere.moments(rows);
    },
    inverseFactor: (matrix, smallestPivot) => {
      asked.push(`factor of ${matrix.count}`);
      return algebraHere.inverseFactor(matrix, smallestPivot);
    },
  };
  await detectors.find("combood").fit(source, { neighbours: 4 }, undefined, algebra);
  expect(asked).toEqual(["moments of 40 rows of 4", "factor of 4"]);
});

it("a training image whose activations overflow is named as the reason, and no matrix of NaN is kept", async () => {
  const overflown = columns.with(
    1,
    each((i) => (i === 7 ? Infinity : i)),
  );
  await expect(detectors.find("combood").fit(sourceOf(overflown), { neighbours: 4 })).rejects.toMatchObject({
    code: "OAL-E292",
    message: expect.stringContaining("activation of a training image is not finite"),
  });
});

it("a picture that lies on its neighbours keeps a finite score", async () => {
  const detector = detectors.find("combood");
  const kept = await detector.fit(source, { neighbours: 1 });
  const graph = new Graph();
  const maps = new Map([["last", graph.input("map", { dtype: "float32", shape: [1, 1, 1, 2] })]]);
  const logits = graph.input("logits", { dtype: "float32", shape: [1, 2] });
  const own = graph.input("features", { dtype: "float32", shape: [1, 3] });
  graph.output("confidence", detector.score(graph, { maps, logits, features: own }, kept, { neighbours: 1 }));
  const { confidence } = evaluateReference(graph, {
    map: tensor([1, 1, 1, 2], [1, -3]),
    logits: tensor([1, 2], [2, -1]),
    features: tensor([1, 3], Array.from(features.subarray(0, 3))),
  });
  expect(Number.isFinite(Number(confidence?.data[0]))).toBe(true);
  expect(kept.bank).toMatchObject({ count, width: memoryRows(new Float32Array(4), 4).width });
});
