import { expect, test } from "vitest";
import { Random } from "oal-core";
import { normaliseRows } from "./distances.js";
import { boundarySchema } from "./options.js";
import { sampleBoundary, type EmbeddingBank } from "./sample.js";
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

test("keeps outliers farther than candidates are, and says where they come from", async () => {
  const result = await sampleBoundary(testEngine, bank, options);
  expect(result.count).toBe(3 * 2 * 2 * 2);
  expect(result.classes[0]).toEqual({ size: 30, k: 18, select: 3, anchors: 2 });
  expect(result.warnings.map((warning) => `${warning.option}${warning.class}`)).toContain("k0");
  for (const [i, record] of result.records.entries()) {
    const point = result.embeddings.subarray(i * dimension, (i + 1) * dimension);
    expect(record.distance).toBeCloseTo(kthDistance(point, record.class, 18), 4);
    expect(result.labels[i]).toBe(record.class);
    expect(bank.labels[record.anchor]).toBe(record.class);
  }
  expect(result.distances.candidates.count).toBe(3 * 2 * 2 * 20);
  expect(result.distances.kept.mean).toBeGreaterThan(result.distances.candidates.mean);
});

test("is a function of the seed; classes and rounds do not depend on one another", async () => {
  const first = await sampleBoundary(testEngine, bank, options);
  const again = await sampleBoundary(testEngine, bank, options);
  const other = await sampleBoundary(testEngine, bank, { ...options, seed: 6 });
  const shorter = await sampleBoundary(testEngine, bank, { ...options, rounds: 1 });
  expect(again.embeddings).toEqual(first.embeddings);
  expect(other.embeddings).not.toEqual(first.embeddings);
  expect(shorter.embeddings.subarray(0, 4 * dimension)).toEqual(first.embeddings.subarray(0, 4 * dimension));
  expect(shorter.records.slice(4, 8)).toEqual(first.records.slice(8, 12));
});

test("one set of noise for a round is shared by its anchors; a set for each is not", async () => {
  const noises = async (noiseSharing: "anchor" | "round"): Promise<Set<string>> => {
    const { records } = await sampleBoundary(testEngine, bank, { ...options, anchors: 3, noiseSharing });
    return new Set(records.map((record) => `${record.class}/${record.round}/${record.noise}`));
  };
  const [shared, own] = [await noises("round"), await noises("anchor")];
  // of 36 outliers: the same noise wins for every anchor
  expect(shared.size).toBeLessThan(20);
  expect(own.size).toBeGreaterThan(shared.size);
});

test("the published selection keeps candidates whose distances are those of any", async () => {
  const many = { ...options, noise: 60, anchors: 3, select: 3, rounds: 8, noiseSharing: "round" as const };
  const farthest = await sampleBoundary(testEngine, bank, many);
  const misread = await sampleBoundary(testEngine, bank, { ...many, selection: "misread" });
  const { mean, standardDeviation } = misread.distances.candidates;
  expect(misread.count).toBe(farthest.count);
  expect(Math.abs(misread.distances.kept.mean - mean)).toBeLessThan(standardDeviation / 2);
  expect(farthest.distances.kept.mean).toBeGreaterThan(mean + 1.2 * standardDeviation);
  await expect(
    sampleBoundary(testEngine, bank, { ...many, noiseSharing: "anchor", selection: "misread" }),
  ).rejects.toMatchObject({ code: "OAL-C202" });
});

test("an embedding that is counted as its own neighbour has its K-th other one as neighbour K + 1", async () => {
  const anchorsOf = async (k: number, countSelf: boolean): Promise<Set<number>> => {
    const all = { ...options, anchors: 3, select: 3, rounds: 1, k, countSelf };
    const { records } = await sampleBoundary(testEngine, bank, all);
    return new Set(records.map(({ anchor }) => anchor));
  };
  expect(await anchorsOf(2, true)).toEqual(await anchorsOf(1, false));
  expect(await anchorsOf(2, false)).not.toEqual(await anchorsOf(1, false));
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
