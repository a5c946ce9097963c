/**
 * Boundary selection on a given bank, given noise and given choice of anchors: METHOD 3.3's selection as a function of
 * its inputs alone, for comparison with other implementations. `sampleBoundary` is the sampler itself.
 */
import type { Engine } from "oal-core";
import { bankDistances, candidateDistances, formCandidate, normaliseRows } from "./distances.js";
import { refuse } from "./options.js";
import { innerProducts } from "./products.js";
import { rankedIndices, selections, type CandidateSelection } from "./selection.js";

/** Inputs of `selectBoundary`. */
export interface BoundarySelectionInput {
  /** Embeddings of one class, [count, dimension], used as given for anchors and normalised for the index. */
  readonly bank: Float32Array;
  readonly dimension: number;
  /** Noise rows, [noise count, dimension], shared by all anchors. */
  readonly noise: Float32Array;
  /** Which of the selected rows (by rank) become anchors. */
  readonly choice: ArrayLike<number>;
  readonly k: number;
  readonly select: number;
  readonly keep: number;
  readonly sigma: number;
  /** Whether K counts a bank row itself as its first neighbour (published). Default false. */
  readonly selfCounted?: boolean;
  /** Keep the nearest instead of the farthest (inliers). Default false. */
  readonly nearest?: boolean;
  /** Which candidates are kept: the best of each anchor, or those that the published code takes for them. Default "farthest". */
  readonly selection?: CandidateSelection;
}

/** Outputs of `selectBoundary`; distances are squared. */
export interface BoundarySelection {
  readonly kthDistance: Float32Array;
  readonly boundaryIndex: number[];
  readonly chosenIndex: number[];
  /** Anchor-major: entry p * noise count + s. */
  readonly candidateKthDistance: Float32Array;
  /** Kept candidates, anchor-major, best first; flat index as in `candidateKthDistance`. */
  readonly keptIndex: number[];
  /** Unit vectors, [kept, dimension]. */
  readonly keptPoints: Float32Array;
}

/**
 * Selects boundary candidates: per anchor, among its own candidates, the `keep` with the largest K-th distance, or as `selection` says.
 *
 * @throws OAL-C202 when k, select, keep or choice exceed what there is
 */
export async function selectBoundary(
  engine: Engine,
  input: BoundarySelectionInput,
): Promise<BoundarySelection> {
  const { bank, dimension, noise, k, sigma, selfCounted = false, nearest = false } = input;
  const count = bank.length / dimension;
  const noiseCount = noise.length / dimension;
  const neighbours = selfCounted ? count : count - 1;
  if (k < 1 || k > neighbours)
    refuse("k", `${k} is not between 1 and the ${neighbours} neighbours in the bank`);
  if (input.select > count) refuse("select", `${input.select} exceeds the ${count} rows of the bank`);
  if (input.keep > noiseCount)
    refuse("keep", `${input.keep} exceeds the ${noiseCount} candidates per anchor`);

  const { unit, norms } = normaliseRows(bank, dimension);
  const bankProducts = await innerProducts(engine, count, count, dimension);
  const products = await bankProducts.compute(unit, unit);
  await bankProducts.release();
  const crossed = await innerProducts(engine, noiseCount, count, dimension);
  const noiseProducts = await crossed.compute(noise, unit);
  await crossed.release();

  const kthDistance = bankDistances(products, count, count, k, selfCounted);
  const boundaryIndex = rankedIndices(kthDistance, nearest).slice(0, input.select);
  const chosenIndex = Array.from(
    input.choice,
    (rank) => boundaryIndex[rank] ?? refuse("anchors", `no rank ${rank}`),
  );
  const candidateKthDistance = new Float32Array(chosenIndex.length * noiseCount);
  chosenIndex.forEach((anchor, p) => {
    const anchorNorm = norms[anchor] ?? 0;
    const anchorProducts = products
      .slice(anchor * count, (anchor + 1) * count)
      .map((value) => value * anchorNorm);
    const shared = { noise, noiseProducts, count, stride: count, noiseCount, dimension, sigma, k };
    const distances = candidateDistances({ ...shared, anchorProducts, anchor, anchorNorm });
    candidateKthDistance.set(distances, p * noiseCount);
  });
  const select = selections[input.selection ?? "farthest"];
  const keptIndex = select(candidateKthDistance, chosenIndex.length, input.keep, nearest);
  const keptPoints = new Float32Array(keptIndex.length * dimension);
  keptIndex.forEach((index, i) => {
    const anchor = chosenIndex[Math.floor(index / noiseCount)] ?? 0;
    const s = index % noiseCount;
    const anchorRow = bank.subarray(anchor * dimension, (anchor + 1) * dimension);
    const noiseRow = noise.subarray(s * dimension, (s + 1) * dimension);
    formCandidate(anchorRow, noiseRow, sigma, keptPoints, i * dimension);
  });
  return { kthDistance, boundaryIndex, chosenIndex, candidateKthDistance, keptIndex, keptPoints };
}
