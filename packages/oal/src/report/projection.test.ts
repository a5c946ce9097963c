import { Random } from "oal-core";
import { expect, test } from "vitest";
import type { ReportFeatures } from "./input.js";
import { principalCoordinates, projectFeatures } from "./projection.js";

const random = new Random(3, "projection test");

function cloud(
  set: string,
  group: ReportFeatures["group"],
  n: number,
  dimension: number,
  shift: number,
): ReportFeatures {
  const points = random
    .derive(set)
    .normals(0, n * dimension)
    .map((value, i) => value + (i % dimension === 0 ? shift : 0));
  return { set, group, points, dimension, labels: new Int32Array(n) };
}

test("distances in the principal span are kept when the data lie in it", () => {
  const [n, d, rank] = [60, 80, 5];
  const factors = random.normals(1, n * rank);
  const loadings = random.normals(2, rank * d);
  const data = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      for (let k = 0; k < rank; k++)
        data[i * d + j] = (data[i * d + j] ?? 0) + (factors[i * rank + k] ?? 0) * (loadings[k * d + j] ?? 0);
    }
  }
  const reduced = principalCoordinates(data, d, 10, random);
  const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Math.sqrt(Array.from(a).reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0));
  for (let i = 1; i < n; i++) {
    const exact = distance(data.subarray(0, d), data.subarray(i * d, (i + 1) * d));
    expect(distance(reduced[0] ?? [], reduced[i] ?? [])).toBeCloseTo(exact, 6);
  }
});

test("a map is balanced, repeatable and keeps far sets apart", () => {
  const sets = [
    cloud("known", "id", 300, 8, 0),
    cloud("other", "far", 300, 8, 40),
    cloud("small", "near", 5, 8, 0),
  ];
  const options = { seed: 1, points: 120, epochs: 60 };
  const map = projectFeatures(sets, options);
  const count = (set: string): number => map.filter((point) => point.set === set).length;
  expect([count("known"), count("other"), count("small")]).toEqual([60, 30, 5]);
  expect(projectFeatures(sets, options)).toEqual(map);
  const center = (set: string): readonly [number, number] => {
    const own = map.filter((point) => point.set === set);
    return [own.reduce((s, p) => s + p.x, 0) / own.length, own.reduce((s, p) => s + p.y, 0) / own.length];
  };
  const [a, b] = [center("known"), center("other")];
  const gap = Math.hypot(a[0] - b[0], a[1] - b[1]);
  const spread = map.filter((p) => p.set === "known").map((p) => Math.hypot(p.x - a[0], p.y - a[1]));
  expect(gap).toBeGreaterThan(2 * (spread.reduce((s, v) => s + v, 0) / spread.length));
});

test("too few points make no map", () => {
  expect(projectFeatures([cloud("known", "id", 9, 4, 0)], { seed: 0 })).toEqual([]);
  expect(projectFeatures([], { seed: 0 })).toEqual([]);
});
