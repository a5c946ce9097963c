/** Outlier rows that are made of the images' own. */
import { memoryRows } from "oal-core";
import { expect, it } from "vitest";
import { rowsAroundOwn } from "./rows.js";

const width = 200;
const images = 6;
// image i lies along axis i, of length i + 1
const features = new Float32Array(images * width);
for (let i = 0; i < images; i++) features[i * width + i] = i + 1;

const rows = (seed: number, step: number, sigma = 0.05): Float32Array[] => {
  const options = { seed, batchSize: 3, sigma, scale: 27 };
  const tensor = rowsAroundOwn("outlierEmbeddings", memoryRows(features, width), options).rows(
    step,
    [4, 0, 4],
  );
  expect(tensor.shape).toEqual([3, width]);
  return [0, 1, 2].map((row) =>
    Float32Array.from(tensor.data, Number).subarray(row * width, (row + 1) * width),
  );
};
const lengthOf = (row: Float32Array): number => Math.hypot(...row);

it("lies around the image's own embedding at the asked length, whatever the length of the embedding", () => {
  const made = rows(1, 5);
  made.forEach((row) => expect(lengthOf(row)).toBeCloseTo(27, 3));
  // the noise is 0.05 sqrt(200) = 0.707 times as long as the embedding: a cosine of 1 / sqrt(1.5), give or take the noise along it
  [4, 0, 4].forEach((image, i) => {
    const cosine = (made[i]?.[image] ?? 0) / 27;
    expect(cosine).toBeGreaterThan(0.7);
    expect(cosine).toBeLessThan(0.9);
  });
  const [still = made[0]] = rows(1, 5, 1e-6);
  expect(still?.[4]).toBeCloseTo(27, 3);
});

it("is another for every place and step, and the same for the same seed and step", () => {
  const [first, , again] = rows(1, 5);
  expect(first).not.toEqual(again);
  expect(rows(1, 5)[0]).toEqual(first);
  expect(rows(1, 6)[0]).not.toEqual(first);
  expect(rows(2, 5)[0]).not.toEqual(first);
});
