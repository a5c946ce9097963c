/** The places of a vision transformer's patches for pictures of another size: interpolated, as timm does it. */
import { float32Tensor, toNumbers, type Tensor } from "oal-core";

/**
 * A learned vector for the class token and one for every patch of a square grid, for a grid of another side: the grid is resampled by
 * Keys' cubic with a = -0.5, whose window widens where the grid becomes smaller; the class token's stays.
 *
 * @param places float32 [1, 1 + s², width]
 * @param count 1 + t² of the other grid
 * @returns float32 [1, 1 + t², width]; undefined where one of both is no square grid
 * @source timm, layers/pos_embed.py `resample_abs_pos_embed` (bicubic, antialiased), computed here in float64
 */
export function resampledPlaces(places: Tensor, count: number): Tensor | undefined {
  const [, rows = 0, width = 0] = places.shape;
  const [from, to] = [Math.sqrt(rows - 1), Math.sqrt(count - 1)];
  if (places.shape.length !== 3 || !isSide(from) || !isSide(to)) return undefined;
  const values = toNumbers(places);
  const weights = resamplingWeights(from, to);
  const at = (row: number, column: number, d: number): number =>
    values[(1 + row * from + column) * width + d] ?? 0;
  const made = new Float32Array(count * width);
  made.set(values.slice(0, width));
  for (let d = 0; d < width; d++) {
    // along rows first, then along columns
    const wide = Array.from({ length: from }, (_, row) =>
      weights.map((own) => own.reduce((sum, weight, column) => sum + weight * at(row, column, d), 0)),
    );
    for (let row = 0; row < to; row++)
      for (let column = 0; column < to; column++)
        made[(1 + row * to + column) * width + d] =
          weights[row]?.reduce((sum, weight, i) => sum + weight * (wide[i]?.[column] ?? 0), 0) ?? 0;
  }
  return float32Tensor([1, count, width], made);
}

const isSide = (side: number): boolean => Number.isInteger(side) && side > 0;

/** Keys' cubic with a = -0.5 at a distance. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** What every position of a line of `from` weighs in every position of one of `to`, [to][from]; the weights of each sum to 1. */
function resamplingWeights(from: number, to: number): number[][] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const raw = Array.from({ length: from }, (_value, j) => cubic((j + 0.5 - centre) / stretch));
    const sum = raw.reduce((all, weight) => all + weight, 0);
    return raw.map((weight) => weight / sum);
  });
}
