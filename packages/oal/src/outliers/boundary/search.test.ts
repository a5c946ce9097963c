/** Counting against measuring in classes so small and so far apart that one neighbour more or less is another candidate. */
import { Random } from "oal-core";
import { expect, it } from "vitest";
import { testEngine } from "../../testing/engine.js";
import { ClassNoise } from "./classNoise.js";
import { normaliseRows } from "./distances.js";
import { BlockProducts } from "./prepare.js";
import { BoundarySessions } from "./products.js";

const noise = 120;
const dimension = 4;

/** The farthest two of every anchor, and of every column of the published selection: as found, and as measuring all of them says. */
async function farthestOf(count: number, k: number): Promise<[number[][], number[][]]> {
  const random = new Random(count, "small class");
  const { unit } = normaliseRows(random.normals(k, count * dimension), dimension);
  const order = Array.from({ length: count }, (_, i) => i);
  const limits = { size: count, k, select: 2, anchors: 2 };
  const one = { label: 0, limits, members: order, order, distances: new Float32Array(count) };
  const sessions = new BoundarySessions(testEngine);
  const blocks = new BlockProducts(sessions, dimension, count);
  const settings = { seed: k, noise, sigma: 0.5 };
  const made = await ClassNoise.create(sessions, blocks, one, unit, dimension, settings);
  const search = made.search([0, 1], [await made.draw(0, -1)]);
  const ranges = [
    { first: 0, step: 1, count: noise },
    { first: noise, step: 1, count: noise },
    { first: 0, step: 2, count: noise },
    { first: 1, step: 2, count: noise },
  ];
  const measured = ranges.map(({ first, step }) => {
    const distances = Array.from({ length: noise }, (_, i) => search.distance(first + i * step));
    const farthest = distances.map((_, i) => i);
    return farthest.sort((a, b) => (distances[b] ?? 0) - (distances[a] ?? 0) || a - b).slice(0, 2);
  });
  const found = ranges.map((range) => search.farthest(range, 2).map(({ position }) => position));
  await sessions.release();
  return [found, measured];
}

// every K for odd and even numbers of rows; for a small K of many only some rows are looked at first
it.each([3, 6, 7, 11])("no candidate is ruled out that is far, in a class of %i", async (count) => {
  for (let k = 1; k < count; k++) {
    const [found, measured] = await farthestOf(count, k);
    expect(found, `K ${k}`).toEqual(measured);
  }
});
