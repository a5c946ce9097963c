/** K-th neighbour distances on four points of the circle, whose distances are known. */
import { describe, expect, it } from "vitest";
import { bankDistances, candidateDistances, formCandidate, normaliseRows } from "./distances.js";

/** Unit vectors at these angles, in degrees. */
const circle = (angles: readonly number[]): Float32Array =>
  Float32Array.from(
    angles.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]),
  );

/** Squared distance of unit vectors this many degrees apart. */
const apart = (degrees: number): number => 2 - 2 * Math.cos((degrees * Math.PI) / 180);

const products = (left: Float32Array, right: Float32Array): Float32Array =>
  Float32Array.from({ length: (left.length / 2) * (right.length / 2) }, (_, i) => {
    const [a, b] = [2 * Math.floor(i / (right.length / 2)), 2 * (i % (right.length / 2))];
    return (left[a] ?? 0) * (right[b] ?? 0) + (left[a + 1] ?? 0) * (right[b + 1] ?? 0);
  });

const near = (values: readonly number[]): unknown[] =>
  values.map((value): unknown => expect.closeTo(value, 5));

const bank = circle([0, 20, 70, 180]);

describe("distances of bank rows", () => {
  it("are to the K-th other row", () => {
    const all = products(bank, bank);
    const first = [20, 20, 50, 110].map(apart);
    const second = [70, 50, 70, 160].map(apart);
    expect([...bankDistances(all, 4, 4, 1, false)]).toEqual(near(first));
    expect([...bankDistances(all, 4, 4, 2, false)]).toEqual(near(second));
  });

  it("count the row itself as the first where the published count is asked for", () => {
    const all = products(bank, bank);
    expect([...bankDistances(all, 4, 4, 1, true)]).toEqual(near([0, 0, 0, 0]));
    expect([...bankDistances(all, 4, 4, 2, true)]).toEqual(near([20, 20, 50, 110].map(apart)));
  });
});

describe("candidates of an anchor", () => {
  it("are the anchor plus σ times the noise, made unit, and their distances are those of the vectors", () => {
    // An anchor of norm 2 at 20 degrees.
    const anchorRow = circle([20]).map((value) => 2 * value);
    const noise = Float32Array.of(0.3, -0.8, -1.1, 0.4);
    const sigma = 0.5;
    const formed = new Float32Array(4);
    for (const s of [0, 1]) formCandidate(anchorRow, noise.subarray(2 * s, 2 * s + 2), sigma, formed, 2 * s);
    for (const s of [0, 1]) {
      const sum = [0, 1].map((d) => (anchorRow[d] ?? 0) + sigma * (noise[2 * s + d] ?? 0));
      const length = Math.hypot(...sum);
      expect([...formed.subarray(2 * s, 2 * s + 2)]).toEqual(near(sum.map((value) => value / length)));
    }
    const set = {
      anchorProducts: products(anchorRow, bank),
      noiseProducts: products(noise, bank),
      noise,
      anchor: 1,
      anchorNorm: 2,
      count: 4,
      stride: 4,
      noiseCount: 2,
      dimension: 2,
      sigma,
    };
    for (const k of [1, 2, 3, 4]) {
      const expected = [0, 1].map((s) => {
        const to = [0, 1, 2, 3].map((j) =>
          [0, 1].reduce((sum, d) => sum + ((formed[2 * s + d] ?? 0) - (bank[2 * j + d] ?? 0)) ** 2, 0),
        );
        return to.sort((a, b) => a - b)[k - 1] ?? NaN;
      });
      expect([...candidateDistances({ ...set, k })]).toEqual(near(expected));
    }
  });
});

describe("unit rows", () => {
  it("have norm 1; zero rows stay zero", () => {
    const { unit, norms } = normaliseRows(Float32Array.of(3, 4, 0, 0, -5, 0), 2);
    expect([...unit]).toEqual(near([0.6, 0.8, 0, 0, -1, 0]));
    expect([...norms]).toEqual([5, 0, 5]);
  });
});
