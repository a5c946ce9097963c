import { describe, expect, test } from "vitest";
import { float32Data, toNumbers } from "oal-core";
import { expectClose, loadManifest } from "../../testing/golden.js";
import { normaliseRows } from "./distances.js";
import { selectBoundary } from "./select.js";
import { kthLargest, rankedIndices } from "./selection.js";
import { testEngine } from "../../testing/engine.js";

const manifest = loadManifest("boundary");

describe.skipIf(manifest === null)("golden boundary (intended selection)", () => {
  test.each(manifest?.cases ?? [])("$id", async (golden) => {
    const number = (name: string): number => Number(golden.hyper[name]);
    const bank = golden.tensor("bank");
    const result = await selectBoundary(testEngine, {
      bank: float32Data(bank),
      dimension: bank.shape[1] ?? 0,
      noise: float32Data(golden.tensor("negative_samples")),
      choice: toNumbers(golden.tensor("choice")),
      k: number("K"),
      select: number("select"),
      keep: number("ID_points_num"),
      sigma: number("cov_mat"),
      selfCounted: true,
      nearest: number("shift") === 1,
    });
    expectClose(result.kthDistance, golden.entry("kth_distance"));
    expectClose(result.boundaryIndex, golden.entry("boundary_index"));
    expectClose(result.chosenIndex, golden.entry("chosen_index"));
    expectClose(result.candidateKthDistance, golden.entry("candidate_kth_distance"));
    expectClose(result.keptIndex, golden.entry("intended_index"));
    expectClose(result.keptPoints, golden.entry("intended_points"));
    if (golden.has("intended_scaled")) {
      const norm =
        normaliseRows(
          float32Data(golden.tensor("anchor")),
          result.keptPoints.length / result.keptIndex.length,
        ).norms[0] ?? 0;
      expectClose(
        result.keptPoints.map((value) => value * norm),
        golden.entry("intended_scaled"),
      );
    }
  });
});

test("kthLargest agrees with sorting, duplicates included", () => {
  for (let count = 1; count < 40; count++) {
    const values = Float32Array.from({ length: count }, (_, i) => (i * 7919) % 13);
    const sorted = values.slice().sort().reverse();
    for (let k = 1; k <= count; k++) expect(kthLargest(values.slice(), count, k)).toBe(sorted[k - 1]);
  }
});

test("ranks settle ties by the lower index", () => {
  expect(rankedIndices(Float32Array.of(1, 3, 3, 0))).toEqual([1, 2, 0, 3]);
  expect(rankedIndices(Float32Array.of(1, 3, 0, 0), true)).toEqual([2, 3, 0, 1]);
});

test("a K larger than the bank is refused", async () => {
  const bank = Float32Array.of(1, 0, 0, 1);
  const input = { bank, dimension: 2, noise: bank, choice: [0], select: 1, keep: 1, sigma: 0.1 };
  await expect(selectBoundary(testEngine, { ...input, k: 2 })).rejects.toMatchObject({ code: "OAL-C202" });
});
