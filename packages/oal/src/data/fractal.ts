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

/** Points of an attractor and their colours, written over by the next one: a batch of them would be 40 MB to throw away. */
let orbit = orbitOf(0);

function orbitOf(count: number): { readonly places: Float64Array; readonly shades: Float32Array } {
  return { places: new Float64Array(2 * count), shades: new Float32Array(3 * count) };
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
  // 25,000 points a picture at 64 pixels, hundreds of pictures a step: numbers in flat arrays, nothing made in the loop.
  const matrices = Float64Array.from(system.flatMap(({ matrix }) => matrix));
  const shifts = Float64Array.from(system.flatMap(({ shift }) => shift));
  const limits = Float64Array.from(system, ({ below }) => below);
  if (orbit.shades.length !== 3 * count) orbit = orbitOf(count);
  const { places, shades } = orbit;
  let [x, y] = [0, 0];
  let [red, green, blue] = [colours[0] ?? 0, colours[1] ?? 0, colours[2] ?? 0];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let point = -settling; point < count; point++) {
    const draw = chosen[point + settling] ?? 0;
    let k = 0;
    while (k < system.length - 1 && draw >= (limits[k] ?? 1)) k++;
    const [m, from] = [4 * k, x];
    x = (matrices[m] ?? 0) * from + (matrices[m + 1] ?? 0) * y + (shifts[2 * k] ?? 0);
    y = (matrices[m + 2] ?? 0) * from + (matrices[m + 3] ?? 0) * y + (shifts[2 * k + 1] ?? 0);
    red = (red + (colours[3 * k + 3] ?? 0)) / 2;
    green = (green + (colours[3 * k + 4] ?? 0)) / 2;
    blue = (blue + (colours[3 * k + 5] ?? 0)) / 2;
    if (point < 0) continue;
    places[2 * point] = x;
    places[2 * point + 1] = y;
    shades[3 * point] = red;
    shades[3 * point + 1] = green;
    shades[3 * point + 2] = blue;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  const counts = new Float64Array(plane);
  const sums = new Float64Array(3 * plane);
  for (let point = 0; point < count; point++) {
    const column = cellOf(places[2 * point] ?? 0, left, right, size);
    const at = cellOf(places[2 * point + 1] ?? 0, top, bottom, size) * size + column;
    counts[at] = (counts[at] ?? 0) + 1;
    sums[3 * at] = (sums[3 * at] ?? 0) + (shades[3 * point] ?? 0);
    sums[3 * at + 1] = (sums[3 * at + 1] ?? 0) + (shades[3 * point + 1] ?? 0);
    sums[3 * at + 2] = (sums[3 * at + 2] ?? 0) + (shades[3 * point + 2] ?? 0);
  }
  const full = Math.log(1 + counts.reduce((most, n) => Math.max(most, n), 1));
  for (let at = 0; at < plane; at++) {
    const n = counts[at] ?? 0;
    const share = Math.sqrt(Math.log(1 + n) / full);
    for (let c = 0; c < 3; c++) {
      const mean = (sums[3 * at + c] ?? 0) / Math.max(1, n);
      out[c * plane + at] = Math.floor((1 - share) * (colours[c] ?? 0) + share * mean + 0.5);
    }
  }
}

/** Which of `size` equal parts of [from, to] a value lies in; the middle one where there is no width. */
function cellOf(value: number, from: number, to: number, size: number): number {
  return to > from ? Math.min(size - 1, Math.floor(((value - from) / (to - from)) * size)) : size >> 1;
}

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
