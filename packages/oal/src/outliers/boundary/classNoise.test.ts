/** Noise drawn in a class's coordinates against the vectors themselves: that it is standard normal, and that nothing is missed. */
import { Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../../testing/engine.js";
import { ClassNoise } from "./classNoise.js";
import { normaliseRows } from "./distances.js";
import { boundarySchema } from "./options.js";
import { BlockProducts, prepareClasses } from "./prepare.js";
import { BoundarySessions } from "./products.js";

const noise = 200;
const sigma = 0.4;

/** Noise around 60 embeddings, some of them twice, in `dimension` dimensions. */
async function around(dimension: number) {
  const count = 60;
  const embeddings = new Random(3, "class").normals(0, count * dimension);
  for (let i = 0; i < count; i++) embeddings[i * dimension] = 2;
  embeddings.copyWithin(40 * dimension, 0, 4 * dimension);
  const bank = { embeddings, dimension, labels: new Int32Array(count), classes: 1 };
  const { unit } = normaliseRows(embeddings, dimension);
  const options = { ...boundarySchema.parse({}), k: 30, select: 5 };
  const sessions = new BoundarySessions(testEngine);
  const { prepared } = await prepareClasses(sessions, bank, unit, options);
  const blocks = new BlockProducts(
    sessions,
    bank.dimension,
    Math.max(...prepared.map(({ limits }) => limits.size)),
  );
  const [one] = prepared;
  if (!one) throw new Error("no class");
  const made = await ClassNoise.create(sessions, blocks, one, unit, dimension, { seed: 9, noise, sigma });
  const rows = one.order.map((place) => unit.subarray(place * dimension, (place + 1) * dimension));
  return { made, rows, release: () => sessions.release() };
}

/** All candidates of an anchor as vectors, and their distances to the 30th neighbour, directly. */
async function directly({ made, rows }: Awaited<ReturnType<typeof around>>, anchor: number, owner: number) {
  const set = await made.draw(0, owner);
  const all = Array.from({ length: noise }, (_, s) => made.keep(anchor, set, s));
  const vectors = await made.vectors(all);
  const dimension = vectors.length / noise;
  const distances = all.map((_, s) => {
    const own = vectors.subarray(s * dimension, (s + 1) * dimension);
    const to = rows.map((row) => row.reduce((sum, value, d) => sum + (value - (own[d] ?? 0)) ** 2, 0));
    return to.sort((a, b) => a - b)[29] ?? NaN;
  });
  return { set, vectors, distances };
}

// fewer and more dimensions than embeddings: the embeddings' own coordinates, and those of a factor
describe.each([20, 150])("noise around a class in %i dimensions", (dimension) => {
  it("finds the candidates that measuring every vector finds", async () => {
    const subject = await around(dimension);
    const { made, release } = subject;
    for (const anchor of [0, 4]) {
      const { set, distances, vectors } = await directly(subject, anchor, 7);
      const search = made.search([anchor], [set]);
      distances.forEach((distance, s) => expect(search.distance(s)).toBeCloseTo(distance, 4));
      const order = distances.map((_, s) => s).sort((a, b) => (distances[b] ?? 0) - (distances[a] ?? 0));
      const own = { first: 0, step: 1, count: noise };
      for (const wanted of [1, 5, 30])
        expect(search.farthest(own, wanted).map(({ position }) => position)).toEqual(order.slice(0, wanted));
      const measured = await made.distances(vectors);
      distances.forEach((distance, s) => expect(measured[s]).toBeCloseTo(distance, 4));
    }
    await release();
  });

  it("is standard normal in every direction", async () => {
    const { made, rows, release } = await around(dimension);
    const [first = new Float32Array()] = rows;
    // of a unit vector v = (b + σ e) / ν all that is left of e can be seen against two directions and its length
    const outside = new Random(5, "direction").normals(0, dimension);
    const along = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, x, d) => sum + x * (b[d] ?? 0), 0);
    const own = along(outside, first);
    outside.forEach((value, d) => (outside[d] = value - own * (first[d] ?? 0)));
    const length = Math.sqrt(along(outside, outside));
    const seen: { readonly a: number; readonly b: number; readonly square: number }[] = [];
    for (let owner = 0; owner < 15; owner++) {
      const set = await made.draw(1, owner);
      const vectors = await made.vectors(Array.from({ length: noise }, (_, s) => made.keep(0, set, s)));
      for (let s = 0; s < noise; s++) {
        const vector = vectors.subarray(s * dimension, (s + 1) * dimension);
        const row = set.row(s)[0] ?? NaN;
        const square = set.squares[s] ?? NaN;
        const nu = Math.sqrt(1 + 2 * sigma * row + sigma ** 2 * square);
        const e = vector.map((value, d) => (nu * value - (first[d] ?? 0)) / sigma);
        expect(along(e, first)).toBeCloseTo(row, 3);
        expect(along(e, e) / square).toBeCloseTo(1, 3);
        seen.push({ a: row, b: along(e, outside) / length, square });
      }
    }
    const mean = (value: (one: (typeof seen)[number]) => number): number =>
      seen.reduce((sum, one) => sum + value(one), 0) / seen.length;
    // 3,000 vectors: a mean is known to 0.018, a variance to 0.026
    expect(Math.abs(mean(({ a }) => a))).toBeLessThan(0.07);
    expect(Math.abs(mean(({ b }) => b))).toBeLessThan(0.07);
    expect(Math.abs(mean(({ a }) => a * a) - 1)).toBeLessThan(0.1);
    expect(Math.abs(mean(({ b }) => b * b) - 1)).toBeLessThan(0.1);
    expect(Math.abs(mean(({ a, b }) => a * b))).toBeLessThan(0.07);
    expect(Math.abs(mean(({ square }) => square) / dimension - 1)).toBeLessThan(0.02);
    const spread = mean(({ square }) => (square - dimension) ** 2);
    expect(spread / (2 * dimension)).toBeGreaterThan(0.85);
    expect(spread / (2 * dimension)).toBeLessThan(1.15);
    await release();
  });
});
