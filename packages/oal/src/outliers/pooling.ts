/**
 * Pooled latents: what deep CLUB gets to see of a synthesised latent (METHOD 6). `grid4-meanstd` keeps where things are and
 * how varied they are; `channel-row-mean` is the published reduction, kept for comparison.
 */
import { oalError } from "oal-core";

/** How latents are pooled. */
export type LatentPooling = "grid4-meanstd" | "channel-row-mean";

/** Pooled latents, with the statistics that standardised them (0 and 1 when not standardised). */
export interface PooledLatents {
  /** [count, dimension]. */
  readonly values: Float32Array;
  readonly dimension: number;
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Why latents of a shape cannot be pooled so; undefined when they can. */
export function poolingProblem(
  [, height, width]: readonly [number, number, number],
  pooling: LatentPooling,
): string | undefined {
  if (pooling !== "grid4-meanstd" || (height % 4 === 0 && width % 4 === 0)) return undefined;
  return `grid4-meanstd needs sides divisible by 4, the latent is ${height}x${width}`;
}

/** How many numbers a latent becomes. */
export function pooledWidth(
  [channels, , width]: readonly [number, number, number],
  pooling: LatentPooling,
): number {
  return pooling === "grid4-meanstd" ? channels * 32 : width;
}

/**
 * Pools latents [count, channels, height, width].
 *
 * `grid4-meanstd`: mean and standard deviation per channel and cell of a 4x4 grid, order (channel, cell, mean/deviation),
 * channels * 32 numbers, standardised over the set. `channel-row-mean`: mean over channels and rows, one number per column.
 *
 * @throws OAL-C202 when a 4x4 grid does not divide the latent
 */
export function poolLatents(
  latents: Float32Array,
  shape: readonly [number, number, number],
  pooling: LatentPooling,
): PooledLatents {
  const [channels, height, width] = shape;
  const size = channels * height * width;
  const count = latents.length / size;
  const one = pooling === "grid4-meanstd" ? gridMoments : rowMeans;
  const problem = poolingProblem(shape, pooling);
  if (problem !== undefined)
    throw oalError("OAL-C202", { where: "latent pooling", at: "mi.latentPooling", problem });
  const dimension = pooledWidth(shape, pooling);
  const values = new Float32Array(count * dimension);
  for (let i = 0; i < count; i++)
    values.set(one(latents.subarray(i * size, (i + 1) * size), shape), i * dimension);
  const mean = new Float32Array(dimension);
  const deviation = new Float32Array(dimension).fill(1);
  if (pooling === "grid4-meanstd") standardise(values, dimension, mean, deviation);
  return { values, dimension, mean, deviation };
}

function gridMoments(
  latent: Float32Array,
  [channels, height, width]: readonly [number, number, number],
): Float32Array {
  const [rows, columns] = [height / 4, width / 4];
  const pooled = new Float32Array(channels * 32);
  for (let cell = 0; cell < channels * 16; cell++) {
    const [channel, top, left] = [cell >> 4, ((cell >> 2) & 3) * rows, (cell & 3) * columns];
    let sum = 0;
    let squares = 0;
    for (let y = top; y < top + rows; y++) {
      for (let x = left; x < left + columns; x++) {
        const value = latent[(channel * height + y) * width + x] ?? 0;
        sum += value;
        squares += value * value;
      }
    }
    const mean = sum / (rows * columns);
    pooled[2 * cell] = mean;
    pooled[2 * cell + 1] = Math.sqrt(Math.max(0, squares / (rows * columns) - mean * mean));
  }
  return pooled;
}

function rowMeans(latent: Float32Array, [, , width]: readonly [number, number, number]): Float32Array {
  const pooled = new Float32Array(width);
  const rows = latent.length / width;
  latent.forEach((value, i) => (pooled[i % width] = (pooled[i % width] ?? 0) + value / rows));
  return pooled;
}

function standardise(
  values: Float32Array,
  dimension: number,
  mean: Float32Array,
  deviation: Float32Array,
): void {
  const count = values.length / dimension;
  for (let d = 0; d < dimension; d++) {
    let sum = 0;
    let squares = 0;
    for (let i = d; i < values.length; i += dimension) {
      sum += values[i] ?? 0;
      squares += (values[i] ?? 0) ** 2;
    }
    const centre = count > 0 ? sum / count : 0;
    const spread = Math.sqrt(Math.max(0, squares / Math.max(1, count) - centre * centre));
    mean[d] = centre;
    deviation[d] = spread > 1e-6 ? spread : 1;
    for (let i = d; i < values.length; i += dimension)
      values[i] = ((values[i] ?? 0) - centre) / (deviation[d] ?? 1);
  }
}
