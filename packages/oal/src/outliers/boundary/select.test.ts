import { expect, test } from "vitest";
import { float32Data, toNumbers, type Tensor } from "oal-core";
import { expectClose, type GoldenCase } from "../../testing/golden.js";
import { goldenSuite, unknownKind } from "../../testing/goldenSuite.js";
import { formCandidate, normaliseRows } from "./distances.js";
import { selectBoundary, type BoundarySelection } from "./select.js";
import {
  bestOfEach,
  kthLargest,
  misreadOfEach,
  rankedIndices,
  type CandidateSelection,
} from "./selection.js";
import { testEngine } from "../../testing/engine.js";

/** What both selections give for a case. */
async function selected(golden: GoldenCase, selection: CandidateSelection): Promise<BoundarySelection> {
  const number = (name: string): number => Number(golden.hyper[name]);
  const bank = golden.tensor("bank");
  return selectBoundary(testEngine, {
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
    selection,
  });
}

goldenSuite("boundary", {
  check: async (golden) => {
    const known = ["farthest", "misread"] as const;
    for (const selection of known) {
      const result = await selected(golden, selection);
      const variant = selection === "misread" ? "published" : "intended";
      if (!golden.has(`${variant}_index`)) return unknownKind(golden);
      const dimension = golden.entry("bank").shape[1] ?? 0;
      const bank = float32Data(golden.tensor("bank"));
      expectClose(result.kthDistance, golden.entry("kth_distance"));
      expectClose(result.boundaryIndex, golden.entry("boundary_index"));
      expectClose(
        result.boundaryIndex.flatMap((row) => [...bank.subarray(row * dimension, (row + 1) * dimension)]),
        golden.entry("boundary_rows"),
      );
      expectClose(result.chosenIndex, golden.entry("chosen_index"));
      expectClose(result.candidateKthDistance, golden.entry("candidate_kth_distance"));
      if (golden.has("candidates"))
        expectClose(candidatesOf(golden, result.chosenIndex), golden.entry("candidates"));
      expectClose(result.keptIndex, golden.entry(`${variant}_index`));
      expectClose(result.keptPoints, golden.entry(`${variant}_points`));
      if (!golden.has(`${variant}_scaled`)) continue;
      const norm = normaliseRows(float32Data(golden.tensor("anchor")), dimension).norms[0] ?? 0;
      expectClose(
        result.keptPoints.map((value) => value * norm),
        golden.entry(`${variant}_scaled`),
      );
    }
  },
});

/** Every candidate of a case, anchor-major. */
function candidatesOf(golden: GoldenCase, anchors: readonly number[]): Float32Array {
  const [bank, noise] = [golden.tensor("bank"), golden.tensor("negative_samples")];
  const [count = 0, dimension = 0] = noise.shape;
  const row = (tensor: Tensor, i: number): Float32Array =>
    float32Data(tensor).subarray(i * dimension, (i + 1) * dimension);
  const candidates = new Float32Array(anchors.length * count * dimension);
  anchors.forEach((anchor, p) => {
    for (let s = 0; s < count; s++)
      formCandidate(
        row(bank, anchor),
        row(noise, s),
        Number(golden.hyper["cov_mat"]),
        candidates,
        (p * count + s) * dimension,
      );
  });
  return candidates;
}

test("the published selection reads distances of [2, 6] as [6, 2] (METHOD 3.4's test vector)", () => {
  const distances = Float32Array.of(5, 1, 2, 9, 3, 4, 8, 0, 7, 6, 10, 11);
  expect(bestOfEach(distances, 2, 1)).toEqual([3, 11]);
  // the winners of both columns are row 5; with two to keep the rows of column 0 are 5 and 3, of column 1 5 and 1
  expect(misreadOfEach(distances, 2, 2)).toEqual([5, 3, 11, 7]);
  // with one to keep the column is lost as well
  expect(misreadOfEach(distances, 2, 1)).toEqual([5, 5]);
  expect(misreadOfEach(distances, 1, 1)).toEqual(bestOfEach(distances, 1, 1));
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
