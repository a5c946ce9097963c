/**
 * Whitening filters from image patches: the first, frozen layer of airbench.
 * Each principal direction of the patches, divided by its standard deviation, and its negative.
 */
import { float32Tensor, oalError, type Tensor } from "oal-core";
import type { Initializer } from "../initialisers.js";
import { symmetricEigen } from "./jacobi.js";

/**
 * All size x size patches of images.
 *
 * @param images float32 [N, C, H, W], normalised as the network sees them; a few hundred images are plenty
 * @param size default 2
 * @returns float32, rows of C size^2 numbers in the order channel, row, column
 */
export function patchesOf(images: Tensor, size = 2): Float32Array {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  const rows = height - size + 1;
  const columns = width - size + 1;
  const patches = new Float32Array(count * rows * columns * channels * size * size);
  let position = 0;
  for (let n = 0; n < count; n++) {
    for (let top = 0; top < rows; top++) {
      for (let left = 0; left < columns; left++) {
        for (let channel = 0; channel < channels; channel++) {
          for (let i = 0; i < size; i++) {
            const start = ((n * channels + channel) * height + top + i) * width + left;
            for (let j = 0; j < size; j++) patches[position++] = Number(images.data[start + j] ?? 0);
          }
        }
      }
    }
  }
  return patches;
}

/**
 * Whitening filters [v_1 / sqrt(l_1 + e), ..., v_D / sqrt(l_D + e), then their negatives], l falling, of the patch covariance.
 *
 * @param patches rows of D = channels size^2 numbers (see patchesOf); at least two rows
 * @param channels default 3
 * @param size default 2
 * @param epsilon e; default 5e-4, which keeps directions without contrast from exploding
 * @returns float32 [2 D, channels, size, size]
 * @source Keller Jordan, airbench94, init_whitening_conv
 */
export function whiteningWeights(patches: ArrayLike<number>, channels = 3, size = 2, epsilon = 5e-4): Tensor {
  const dimension = channels * size * size;
  const { values, vectors } = symmetricEigen(covariance(patches, dimension), dimension);
  const weights = new Float32Array(2 * dimension * dimension);
  for (let row = 0; row < dimension; row++) {
    const scale = 1 / Math.sqrt(Math.max(0, values[row] ?? 0) + epsilon);
    for (let column = 0; column < dimension; column++) {
      const weight = scale * (vectors[row * dimension + column] ?? 0);
      weights[row * dimension + column] = weight;
      weights[(dimension + row) * dimension + column] = -weight;
    }
  }
  return float32Tensor([2 * dimension, channels, size, size], weights);
}

/** What stands in until the patches are known: every input of the window and its negative. Shape [2 D, C, size, size]. */
export const identityWhitening: Initializer = (shape) => {
  const rows = shape[0] ?? 0;
  const dimension = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const data = new Float32Array(rows * dimension);
  for (let row = 0; row < rows; row++) data[row * dimension + (row % dimension)] = row < dimension ? 1 : -1;
  return data;
};

function covariance(patches: ArrayLike<number>, dimension: number): Float64Array {
  const count = patches.length / dimension;
  if (!Number.isInteger(count) || count < 2) {
    throw oalError("OAL-X101", {
      problem: `${patches.length} numbers are no rows of ${dimension}, or fewer than two rows`,
    });
  }
  const mean = new Float64Array(dimension);
  for (let i = 0; i < patches.length; i++)
    mean[i % dimension] = (mean[i % dimension] ?? 0) + (patches[i] ?? 0) / count;
  const sums = new Float64Array(dimension * dimension);
  const centred = new Float64Array(dimension);
  for (let row = 0; row < count; row++) {
    for (let a = 0; a < dimension; a++) centred[a] = (patches[row * dimension + a] ?? 0) - (mean[a] ?? 0);
    for (let a = 0; a < dimension; a++) {
      const left = centred[a] ?? 0;
      for (let b = a; b < dimension; b++)
        sums[a * dimension + b] = (sums[a * dimension + b] ?? 0) + left * (centred[b] ?? 0);
    }
  }
  return sums.map((_, index) => {
    const a = Math.floor(index / dimension);
    const b = index % dimension;
    return (sums[Math.min(a, b) * dimension + Math.max(a, b)] ?? 0) / (count - 1);
  });
}
