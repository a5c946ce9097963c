import { expect, test } from "vitest";
import { Random } from "oal-core";
import { formCandidate, normaliseRows } from "./distances.js";
import { boundarySchema } from "./options.js";
import { anchorNoise, sampleBoundary, type EmbeddingBank } from "./sample.js";
import { testEngine } from "../../testing/engine.js";

const dimension = 8;
const bank: EmbeddingBank = { ...clusters(3, 30), dimension, classes: 3 };
const options = {
  ...boundarySchema.parse({}),
  k: 300,
  select: 6,
  anchors: 2,
  noise: 20,
  keep: 2,
  rounds: 2,
  sigma: 0.3,
  seed: 5,
};

function clusters(classes: number, size: number): { embeddings: Float32Array; labels: Int32Array } {
  const random = new Random(1, "test");
  const embeddings = random.normals(0, classes * size * dimension).map((value) => value * 0.5);
  const labels = Int32Array.from({ length: classes * size }, (_, i) => i % classes);
  labels.forEach((label, i) => (embeddings[i * dimension + label] = 3));
  return { embeddings, labels };
}

function kthDistance(point: Float32Array, label: number, k: number): number {
  const unit = normaliseRows(bank.embeddings, dimension).unit;
  const distances: number[] = [];
  for (let row = 0; row < bank.labels.length; row++) {
    if (bank.labels[row] !== label) continue;
    distances.push(point.reduce((sum, value, d) => sum + (value - (unit[row * dimension + d] ?? 0)) ** 2, 0));
  }
  return distances.sort((a, b) => a - b)[k - 1] ?? 0;
}

test("keeps the farthest of each anchor's own candidates, and says where they come from", async () => {
  const result = await sampleBoundary(testEngine, bank, options);
  expect(result.count).toBe(3 * 2 * 2 * 2);
  expect(result.classes[0]).toEqual({ size: 30, k: 18, select: 3, anchors: 2 });
  expect(result.warnings.map((warning) => `${warning.option}${warning.class}`)).toContain("k0");
  const unit = normaliseRows(bank.embeddings, dimension).unit;
  const record = result.records[5];
  if (!record) throw new Error("no record");
  const noise = anchorNoise(5, record.class, record.round, record.anchor, 20, dimension);
  const anchorRow = unit.subarray(record.anchor * dimension, (record.anchor + 1) * dimension);
  const distances = Array.from({ length: 20 }, (_, s) => {
    const candidate = new Float32Array(dimension);
    formCandidate(anchorRow, noise.subarray(s * dimension, (s + 1) * dimension), 0.3, candidate, 0);
    if (s === record.noise)
      expect([...result.embeddings.subarray(5 * dimension, 6 * dimension)]).toEqual([...candidate]);
    return kthDistance(candidate, record.class, 18);
  });
  expect(record.distance).toBeCloseTo(distances[record.noise] ?? 0, 4);
  expect(distances.filter((distance) => distance > record.distance + 1e-4).length).toBeLessThan(2);
  expect(result.distances.candidates.count).toBe(3 * 2 * 2 * 20);
  expect(result.distances.kept.mean).toBeGreaterThan(result.distances.candidates.mean);
});

test("is a function of the seed, and more candidates extend the same noise", async () => {
  const first = await sampleBoundary(testEngine, bank, options);
  const again = await sampleBoundary(testEngine, bank, options);
  const other = await sampleBoundary(testEngine, bank, { ...options, seed: 6 });
  expect(again.embeddings).toEqual(first.embeddings);
  expect(other.embeddings).not.toEqual(first.embeddings);
  expect(anchorNoise(5, 0, 0, 3, 2, dimension)).toEqual(
    anchorNoise(5, 0, 0, 3, 4, dimension).subarray(0, 2 * dimension),
  );
});

test("global rejection drops candidates inside other classes", async () => {
  const plain = await sampleBoundary(testEngine, bank, { ...options, sigma: "auto", eta: 0.5 });
  const strict = await sampleBoundary(testEngine, bank, {
    ...options,
    sigma: "auto",
    eta: 0.5,
    globalReject: true,
  });
  expect(plain.sigma).toBeCloseTo(0.5 / Math.sqrt(dimension), 12);
  expect(strict.rejected).toBeGreaterThan(0);
  expect(strict.count + 0).toBeLessThanOrEqual(plain.count);
});

test("refuses a class of one, and values out of range", async () => {
  const tiny = { embeddings: Float32Array.of(1, 0, 0, 1, 1, 1), dimension: 2, labels: [0, 0, 1], classes: 2 };
  await expect(sampleBoundary(testEngine, tiny, options)).rejects.toMatchObject({ code: "OAL-D151" });
  await expect(sampleBoundary(testEngine, bank, { ...options, keep: 0 })).rejects.toMatchObject({
    code: "OAL-C202",
  });
});

test("anchors are the embeddings farthest from their class, drawn anew in every round", async () => {
  const rounds = 12;
  const result = await sampleBoundary(testEngine, bank, { ...options, anchors: 1, keep: 1, rounds });
  for (const label of [0, 1, 2]) {
    const members = Array.from(bank.labels, (_, row) => row).filter((row) => bank.labels[row] === label);
    const distance = (row: number): number => result.bankDistances[row] ?? 0;
    const farthest = members.sort((a, b) => distance(b) - distance(a)).slice(0, 3);
    const used = result.records.filter((record) => record.class === label).map(({ anchor }) => anchor);
    expect(used).toHaveLength(rounds);
    expect([...new Set(used)].sort((a, b) => a - b)).toEqual(farthest.sort((a, b) => a - b));
  }
  const unit = normaliseRows(bank.embeddings, dimension).unit;
  const row = 7;
  const own = unit.subarray(row * dimension, (row + 1) * dimension);
  // The K-th other row is the (K + 1)-th when the row itself is found first.
  expect(result.bankDistances[row]).toBeCloseTo(kthDistance(own, bank.labels[row] ?? 0, 19), 4);
});
