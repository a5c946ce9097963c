/** Scalar random fields on the grid of an image: value noise, its octaves, and noise of a given power spectrum. */
import { clamp, cosine, sine, smoothStep, type Draws } from "./draws.js";

/**
 * Value noise: uniform numbers on a lattice, joined by Hermite steps.
 *
 * @param cell  lattice spacing in pixels, >= 1; larger is smoother
 * @returns float32 [S, S] in [0, 1]
 */
export function valueNoise(draws: Draws, cell: number): Float32Array {
  const { size } = draws;
  const side = Math.floor(size / cell) + 2;
  const lattice = draws.block(side * side).slice();
  const out = new Float32Array(size * size);
  for (let y = 0, at = 0; y < size; y++) {
    const row = Math.floor(y / cell);
    const v = smoothStep(y / cell - row);
    for (let x = 0; x < size; x++, at++) {
      const column = Math.floor(x / cell);
      const u = smoothStep(x / cell - column);
      const i = row * side + column;
      const top = (lattice[i] ?? 0) * (1 - u) + (lattice[i + 1] ?? 0) * u;
      const bottom = (lattice[i + side] ?? 0) * (1 - u) + (lattice[i + side + 1] ?? 0) * u;
      out[at] = top * (1 - v) + bottom * v;
    }
  }
  return out;
}

/**
 * Octaves of value noise, cells cell, cell/2, ... while >= 1, each `roughness` times the one before; mean 0.5.
 *
 * @param cell  spacing of the first octave, in pixels of an image of the usual size
 * @returns float32 [S, S] in [0, 1]
 */
export function cloudNoise(draws: Draws, cell: number, roughness: number): Float32Array {
  const out = new Float32Array(draws.size * draws.size);
  let weight = 1;
  let total = 0;
  for (let size = cell * draws.unit; size >= 1; size /= 2) {
    const octave = valueNoise(draws, size);
    for (let at = 0; at < out.length; at++) out[at] = (out[at] ?? 0) + weight * (octave[at] ?? 0);
    total += weight;
    weight *= roughness;
  }
  for (let at = 0; at < out.length; at++) out[at] = (out[at] ?? 0) / total;
  return out;
}

/**
 * Two independent fields whose amplitude spectrum is |f|^-exponent with random phases: -1 blue, 0 white, 1 pink, 2 brown (and
 * close to photographs), scaled to mean 0.5 and standard deviation 0.2, limited to [0, 1].
 *
 * @param halves  twice the exponent, an integer, so that only square roots are needed
 * @returns two float32 [S, S]: real and imaginary part of one inverse Fourier transform, cut from one of the next power of two
 */
export function spectralNoise(draws: Draws, halves: number): readonly [Float32Array, Float32Array] {
  const side = 2 ** Math.ceil(Math.log2(draws.size));
  const real = new Float64Array(side * side);
  const imaginary = new Float64Array(side * side);
  const random = draws.block(2 * side * side);
  for (let v = 0, at = 0; v < side; v++)
    for (let u = 0; u < side; u++, at++) {
      const fx = Math.min(u, side - u);
      const fy = Math.min(v, side - v);
      const root = Math.sqrt(Math.sqrt(fx * fx + fy * fy));
      let amplitude = at === 0 ? 0 : (random[2 * at] ?? 0) + 0.5;
      for (let i = 0; i < Math.abs(halves) && at > 0; i++)
        amplitude = halves > 0 ? amplitude / root : amplitude * root;
      const phase = random[2 * at + 1] ?? 0;
      real[at] = amplitude * cosine(phase);
      imaginary[at] = amplitude * sine(phase);
    }
  const roots = rootsOf(side);
  for (let i = 0; i < side; i++) transformLine(real, imaginary, i * side, 1, side, roots);
  for (let i = 0; i < side; i++) transformLine(real, imaginary, i, side, side, roots);
  return [standardise(cut(real, side, draws.size)), standardise(cut(imaginary, side, draws.size))];
}

/** The upper left part of a field. */
function cut(field: Float64Array, side: number, size: number): Float64Array {
  if (side === size) return field;
  return Float64Array.from(
    { length: size * size },
    (_, at) => field[Math.floor(at / size) * side + (at % size)] ?? 0,
  );
}

function standardise(field: Float64Array): Float32Array {
  let squares = 0;
  for (const x of field) squares += x * x;
  const scale = 0.2 / Math.sqrt(squares / field.length + 1e-12);
  return Float32Array.from(field, (x) => clamp(0.5 + scale * x, 0, 1));
}

const knownRoots = new Map<number, Float64Array>();

/** Cosines of the first half turn in `side` / 2 steps, then its sines. */
function rootsOf(side: number): Float64Array {
  const known = knownRoots.get(side);
  if (known) return known;
  const roots = Float64Array.from({ length: side }, (_, i) =>
    i < side / 2 ? cosine(i / side) : sine((i - side / 2) / side),
  );
  knownRoots.set(side, roots);
  return roots;
}

/** Radix-2 Fourier transform of `side` entries at `start`, `start + step`, ..., in place, without scaling. */
function transformLine(
  real: Float64Array,
  imaginary: Float64Array,
  start: number,
  step: number,
  side: number,
  roots: Float64Array,
): void {
  for (let i = 0, j = 0; i < side; i++) {
    if (i < j) {
      const [a, b] = [start + i * step, start + j * step];
      [real[a], real[b]] = [real[b] ?? 0, real[a] ?? 0];
      [imaginary[a], imaginary[b]] = [imaginary[b] ?? 0, imaginary[a] ?? 0];
    }
    let bit = side >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
  }
  for (let half = 1; half < side; half *= 2)
    for (let group = 0; group < side; group += 2 * half)
      for (let k = 0; k < half; k++) {
        const c = roots[(k * side) / (2 * half)] ?? 0;
        const s = roots[side / 2 + (k * side) / (2 * half)] ?? 0;
        const a = start + (group + k) * step;
        const b = a + half * step;
        const [re, im] = [real[b] ?? 0, imaginary[b] ?? 0];
        const [x, y] = [re * c - im * s, re * s + im * c];
        real[b] = (real[a] ?? 0) - x;
        imaginary[b] = (imaginary[a] ?? 0) - y;
        real[a] = (real[a] ?? 0) + x;
        imaginary[a] = (imaginary[a] ?? 0) + y;
      }
}
