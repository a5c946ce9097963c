/** Whether a model answers as if it saw: the same for a picture and its mirror image, and something else for other pictures. */

/** The mean of some numbers; 0 of none. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/**
 * Per picture: how alike the answers for it and its mirror image are, less how alike those for it and the other pictures' mirror images
 * are. Answers are alike with the probability that draws from both name one class; features by the cosine of their angle.
 */
export function agreement(
  plain: readonly Float32Array[],
  mirrored: readonly Float32Array[],
  isLogits: boolean,
): number[] {
  const [a, b] = isLogits
    ? [plain.map(softmaxOf), mirrored.map(softmaxOf)]
    : [directions(plain, plain), directions(mirrored, plain)];
  return a.map((row, index) => {
    const own = dot(row, b[index]);
    const others = b.filter((_, other) => other !== index).map((other) => dot(row, other));
    const value = own - meanOf(others);
    return Number.isFinite(value) ? value : -1;
  });
}

function softmaxOf(row: Float32Array): Float64Array {
  const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = Float64Array.from(row, (value) => Math.exp(value - largest));
  const sum = powers.reduce((all, value) => all + value, 0);
  return powers.map((value) => value / sum);
}

/** Rows less the mean of others, at length 1. */
function directions(rows: readonly Float32Array[], centre: readonly Float32Array[]): Float64Array[] {
  const width = rows[0]?.length ?? 0;
  const mean = Float64Array.from({ length: width }, (_, i) => meanOf(centre.map((row) => row[i] ?? 0)));
  return rows.map((row) => {
    const centred = Float64Array.from(row, (value, i) => value - (mean[i] ?? 0));
    const length = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0)) || 1;
    return centred.map((value) => value / length);
  });
}

function dot(a: Float64Array, b: Float64Array | undefined): number {
  return a.reduce((sum, value, index) => sum + value * (b?.[index] ?? 0), 0);
}
