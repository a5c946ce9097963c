/**
 * The two-dimensional map of features: a balanced sample, reduced by PCA and laid out by UMAP, all from one seed.
 * Directions, distances between far groups and the unit of the map have no meaning; neighbourhoods do.
 */
import { Random } from "oal-core";
import { UMAP } from "umap-js";
import type { ReportFeatures } from "./input.js";

/** One point of the map. */
export interface MapPoint {
  readonly x: number;
  readonly y: number;
  readonly set: string;
  readonly group: ReportFeatures["group"];
  /** Class, -1 where there is none. */
  readonly label: number;
}

/** How much the map may cost. */
export interface ProjectionOptions {
  readonly seed: number;
  /** Points in all. Default 1,600: a few seconds on one core. */
  readonly points?: number | undefined;
  /** Passes of the layout. Default 200. */
  readonly epochs?: number | undefined;
}

/**
 * Lays the sets out in two dimensions.
 *
 * @param sets  features [n, d] per set, all of the same d
 * @returns the sampled points with their places; empty when fewer than 10 points exist
 * @cost sampling n, then about 4 s for 1,600 points of 512 features
 * @source McInnes et al. 2018 (UMAP) through umap-js; PCA to at most 50 dimensions by subspace iteration
 */
export function projectFeatures(sets: readonly ReportFeatures[], options: ProjectionOptions): MapPoint[] {
  const random = new Random(options.seed, "report/map");
  const chosen = sample(sets, options.points ?? 1600, random);
  const [first] = sets;
  if (first === undefined || chosen.length < 10) return [];
  const dimension = first.dimension;
  const data = new Float64Array(chosen.length * dimension);
  chosen.forEach(({ set, row }, i) => {
    data.set(set.points.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  });
  const reduced = principalCoordinates(data, dimension, Math.min(50, dimension), random);
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(15, chosen.length - 1),
    minDist: 0.15,
    nEpochs: options.epochs ?? 200,
    random: stream(random.derive("layout")),
  });
  return umap.fit(reduced).map((place, i) => {
    const { set, row } = chosen[i] ?? { set: first, row: 0 };
    return {
      x: place[0] ?? 0,
      y: place[1] ?? 0,
      set: set.set,
      group: set.group,
      label: set.labels[row] ?? -1,
    };
  });
}

interface ChosenRow {
  readonly set: ReportFeatures;
  readonly row: number;
}

/** An equal share per set, two for the ID set; what a small set leaves free is not given away. */
function sample(sets: readonly ReportFeatures[], total: number, random: Random): ChosenRow[] {
  const shares = sets.map((set) => (set.group === "id" ? 2 : 1));
  const all = shares.reduce((sum, share) => sum + share, 0);
  return sets.flatMap((set, i) => {
    const rows = Math.floor(set.points.length / set.dimension);
    const quota = Math.floor((total * (shares[i] ?? 1)) / all);
    const order = random.derive(`sample/${set.set}`).permutation(0, rows);
    return Array.from(order.subarray(0, quota))
      .sort((a, b) => a - b)
      .map((row) => ({ set, row }));
  });
}

/** A stateful stream of uniform numbers in [0, 1) from the counter-based generator, as umap-js wants it. */
function stream(random: Random): () => number {
  let block = random.uniforms(0, 4096);
  let step = 0;
  let at = 0;
  return () => {
    if (at === block.length) {
      block = random.uniforms(++step, 4096, block);
      at = 0;
    }
    return block[at++] ?? 0;
  };
}

/**
 * Coordinates of the rows in the span of the leading principal directions. The basis is orthonormal but not turned to the
 * axes, which changes no distance.
 *
 * @param data  float64 [n, d], centred in place
 * @returns n rows of `keep` numbers
 */
export function principalCoordinates(
  data: Float64Array,
  dimension: number,
  keep: number,
  random: Random,
): number[][] {
  const rows = data.length / dimension;
  for (let j = 0; j < dimension; j++) {
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += data[i * dimension + j] ?? 0;
    mean /= rows;
    for (let i = 0; i < rows; i++) data[i * dimension + j] = (data[i * dimension + j] ?? 0) - mean;
  }
  const basis: Float64Array[] = Array.from({ length: keep }, (_, k) =>
    keep === dimension
      ? Float64Array.from({ length: dimension }, (_unused, j) => (j === k ? 1 : 0))
      : Float64Array.from(random.normals(k, dimension)),
  );
  if (keep < dimension) {
    for (let iteration = 0; iteration < 5; iteration++) {
      basis.forEach((vector, k) => {
        basis[k] = multiplyTwice(data, dimension, vector);
      });
      orthonormalise(basis);
    }
  }
  return Array.from({ length: rows }, (_, i) => {
    const row = data.subarray(i * dimension, (i + 1) * dimension);
    return basis.map((vector) => dot(row, vector));
  });
}

/** Xᵀ X v. */
function multiplyTwice(data: Float64Array, dimension: number, vector: Float64Array): Float64Array {
  const out = new Float64Array(dimension);
  for (let start = 0; start < data.length; start += dimension) {
    const row = data.subarray(start, start + dimension);
    const along = dot(row, vector);
    for (let j = 0; j < dimension; j++) out[j] = (out[j] ?? 0) + along * (row[j] ?? 0);
  }
  return out;
}

/** Modified Gram-Schmidt in place; a direction that vanishes becomes zero. */
function orthonormalise(basis: Float64Array[]): void {
  basis.forEach((vector, k) => {
    const before = Math.sqrt(dot(vector, vector));
    for (let j = 0; j < k; j++) {
      const other = basis[j] ?? vector;
      const along = dot(vector, other);
      for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) - along * (other[i] ?? 0);
    }
    const length = Math.sqrt(dot(vector, vector));
    const scale = length > 1e-10 * before ? 1 / length : 0;
    for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) * scale;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
