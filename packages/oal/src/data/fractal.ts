/** Fractals: the attractors of drawn systems of affine maps, as pictures. */
import { cosine, sine } from "./embedded/draws.js";

/** Maps of a system, each number as likely: with two or three the parts are large enough to be seen at 32 pixels, more make dust of them. */
const maps = [2, 3, 4] as const;
const mostMaps = maps[maps.length - 1] ?? 0;
/** Points per pixel: enough that a filled region has no holes. */
const density = 6;
/** Points that are not drawn, until the orbit is on the attractor. */
const settling = 24;
/** Uniform numbers of a map: two angles, two singular values, two signs, two shifts. */
const perMap = 8;

/** How many uniform numbers `drawFractal` reads for a picture of a size. */
export function fractalDraws(size: number): number {
  return 2 + mostMaps * perMap + settling + density * size * size;
}

/** How many colours it takes: the background's, and one of each map. */
export const fractalColours = 1 + mostMaps;

interface AffineMap {
  /** Row by row. */
  readonly matrix: readonly [number, number, number, number];
  readonly shift: readonly [number, number];
  /** It is applied where a uniform number is below this, and not below that of the map before. */
  readonly below: number;
}

/**
 * Draws the attractor of N affine maps x -> A_k x + b_k, N of 2 to 4, by the chaos game: a point is moved by a map drawn with
 * probability |det A_k| / Σ |det A|, over and over. A_k = R(θ) diag(σ₁, σ₂) R(φ) diag(±1, ±1) with σ₂ ≤ σ₁ < 1, both angles uniform, and
 * Σ_k (σ₁ + 2 σ₂) uniform in [(5 + N) / 2, (6 + N) / 2], where attractors are neither dust nor blobs; b uniform in [-1, 1]².
 *
 * A point's colour is half that of the last map and half that of the point before. With n points in a pixel, of mean colour c, its value is
 * (1 - v) background + v c, v² = ln(1 + n) / ln(1 + max n). The attractor fills the picture.
 *
 * @param draws `fractalDraws(size)` uniform numbers
 * @param colours `fractalColours` colours of three bytes, the background's first
 * @param out uint8 [3, size, size]
 * @source Barnsley 1988 (chaos game); Anderson and Farrell 2022 (arXiv 2110.03091), singular values; Draves and Reckase 2003 (fractal
 * flames), colours and logarithm
 */
export function drawFractal(draws: Float32Array, colours: Uint8Array, size: number, out: Uint8Array): void {
  const system = drawSystem(draws);
  const chosen = draws.subarray(2 + mostMaps * perMap);
  const plane = size * size;
  const count = density * plane;
  const places = new Float64Array(2 * count);
  const shades = new Float32Array(3 * count);
  let [x, y] = [0, 0];
  const shade = [0, 1, 2].map((c) => colours[c] ?? 0);
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (let point = -settling; point < count; point++) {
    const draw = chosen[point + settling] ?? 0;
    const k = system.findIndex(({ below }) => draw < below);
    const { matrix, shift } = system[k] ?? identity;
    [x, y] = [matrix[0] * x + matrix[1] * y + shift[0], matrix[2] * x + matrix[3] * y + shift[1]];
    for (let c = 0; c < 3; c++) shade[c] = ((shade[c] ?? 0) + (colours[3 * (k + 1) + c] ?? 0)) / 2;
    if (point < 0) continue;
    places[2 * point] = x;
    places[2 * point + 1] = y;
    for (let c = 0; c < 3; c++) shades[3 * point + c] = shade[c] ?? 0;
    low[0] = Math.min(low[0] ?? 0, x);
    low[1] = Math.min(low[1] ?? 0, y);
    high[0] = Math.max(high[0] ?? 0, x);
    high[1] = Math.max(high[1] ?? 0, y);
  }
  const counts = new Float64Array(plane);
  const sums = new Float64Array(3 * plane);
  const cell = (value: number, axis: number): number => {
    const [from, to] = [low[axis] ?? 0, high[axis] ?? 0];
    return to > from ? Math.min(size - 1, Math.floor(((value - from) / (to - from)) * size)) : size >> 1;
  };
  for (let point = 0; point < count; point++) {
    const at = cell(places[2 * point + 1] ?? 0, 1) * size + cell(places[2 * point] ?? 0, 0);
    counts[at] = (counts[at] ?? 0) + 1;
    for (let c = 0; c < 3; c++) sums[3 * at + c] = (sums[3 * at + c] ?? 0) + (shades[3 * point + c] ?? 0);
  }
  const top = Math.log(1 + counts.reduce((most, n) => Math.max(most, n), 1));
  for (let at = 0; at < plane; at++) {
    const n = counts[at] ?? 0;
    const share = Math.sqrt(Math.log(1 + n) / top);
    for (let c = 0; c < 3; c++) {
      const mean = (sums[3 * at + c] ?? 0) / Math.max(1, n);
      out[c * plane + at] = Math.floor((1 - share) * (colours[c] ?? 0) + share * mean + 0.5);
    }
  }
}

const identity: AffineMap = { matrix: [1, 0, 0, 1], shift: [0, 0], below: 1 };

function drawSystem(draws: Float32Array): readonly AffineMap[] {
  const count = maps[Math.floor((draws[0] ?? 0) * maps.length)] ?? 2;
  const own = Array.from({ length: count }, (_, k) => draws.subarray(2 + k * perMap, 2 + (k + 1) * perMap));
  const pairs = own.map(([, , a = 0, b = 0]) => [Math.max(a, b), Math.min(a, b)] as const);
  const wanted = (5 + count + (draws[1] ?? 0)) / 2;
  const sum = pairs.reduce((total, [a, b]) => total + a + 2 * b, 0);
  // all of them are moved towards 0, or towards 1, until the sum is right: their order stays, and they stay below 1
  const towardsOne = (3 * count - wanted) / (3 * count - sum);
  const moved = (value: number): number =>
    sum > wanted ? (value * wanted) / sum : 1 - (1 - value) * towardsOne;
  const values = pairs.map(([long, short]) => [moved(long), moved(short)] as const);
  const areas = values.map(([long, short]) => long * short);
  const total = areas.reduce((all, area) => all + area, 0);
  let reached = 0;
  return own.map(([theta = 0, phi = 0, , , first = 0, second = 0, right = 0, down = 0], k) => {
    const [s1, s2] = values[k] ?? [0, 0];
    reached += (areas[k] ?? 0) / total;
    const [c, s, p, q] = [cosine(theta), sine(theta), cosine(phi), sine(phi)];
    const [signX, signY] = [first < 0.5 ? 1 : -1, second < 0.5 ? 1 : -1];
    return {
      matrix: [
        (c * s1 * p - s * s2 * q) * signX,
        (-c * s1 * q - s * s2 * p) * signY,
        (s * s1 * p + c * s2 * q) * signX,
        (-s * s1 * q + c * s2 * p) * signY,
      ],
      shift: [2 * right - 1, 2 * down - 1],
      below: k === count - 1 ? 1 : reached,
    };
  });
}
