/** Scalar random fields on the 32x32 grid: value noise, its octaves, and noise of a given power spectrum. */
import { clamp, cosine, sine, smoothStep, type Draws } from "./draws.js";
import { PLANE, SIZE } from "./canvas.js";

/**
 * Value noise: uniform numbers on a lattice, joined by Hermite steps.
 *
 * @param cell  lattice spacing in pixels, >= 1; larger is smoother
 * @returns float32 [32, 32] in [0, 1]
 */
export function valueNoise(draws: Draws, cell: number): Float32Array {
  const side = Math.floor(SIZE / cell) + 2;
  const lattice = draws.block(side * side).slice();
  const out = new Float32Array(PLANE);
  for (let y = 0, at = 0; y < SIZE; y++) {
    const row = Math.floor(y / cell);
    const v = smoothStep(y / cell - row);
    for (let x = 0; x < SIZE; x++, at++) {
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
 * @returns float32 [32, 32] in [0, 1]
 */
export function cloudNoise(draws: Draws, cell: number, roughness: number): Float32Array {
  const out = new Float32Array(PLANE);
  let weight = 1;
  let total = 0;
  for (let size = cell; size >= 1; size /= 2) {
    const octave = valueNoise(draws, size);
    for (let at = 0; at < PLANE; at++) out[at] = (out[at] ?? 0) + weight * (octave[at] ?? 0);
    total += weight;
    weight *= roughness;
  }
  for (let at = 0; at < PLANE; at++) out[at] = (out[at] ?? 0) / total;
  return out;
}

/**
 * Two independent fields whose amplitude spectrum is |f|^-exponent with random phases: -1 blue, 0 white, 1 pink, 2 brown (and
 * close to photographs), scaled to mean 0.5 and standard deviation 0.2, limited to [0, 1].
 *
 * @param halves  twice the exponent, an integer, so that only square roots are needed
 * @returns two float32 [32, 32]: real and imaginary part of one inverse Fourier transform
 */
export function spectralNoise(draws: Draws, halves: number): readonly [Float32Array, Float32Array] {
  const real = new Float64Array(PLANE);
  const imaginary = new Float64Array(PLANE);
  const random = draws.block(2 * PLANE);
  for (let v = 0, at = 0; v < SIZE; v++)
    for (let u = 0; u < SIZE; u++, at++) {
      const fx = Math.min(u, SIZE - u);
      const fy = Math.min(v, SIZE - v);
      const root = Math.sqrt(Math.sqrt(fx * fx + fy * fy));
      let amplitude = at === 0 ? 0 : (random[2 * at] ?? 0) + 0.5;
      for (let i = 0; i < Math.abs(halves) && at > 0; i++)
        amplitude = halves > 0 ? amplitude / root : amplitude * root;
      const phase = random[2 * at + 1] ?? 0;
      real[at] = amplitude * cosine(phase);
      imaginary[at] = amplitude * sine(phase);
    }
  for (let i = 0; i < SIZE; i++) transformLine(real, imaginary, i * SIZE, 1);
  for (let i = 0; i < SIZE; i++) transformLine(real, imaginary, i, SIZE);
  return [standardise(real), standardise(imaginary)];
}

function standardise(field: Float64Array): Float32Array {
  let squares = 0;
  for (const x of field) squares += x * x;
  const scale = 0.2 / Math.sqrt(squares / field.length + 1e-12);
  return Float32Array.from(field, (x) => clamp(0.5 + scale * x, 0, 1));
}

const roots = Float64Array.from({ length: SIZE }, (_, i) =>
  i < SIZE / 2 ? cosine(i / SIZE) : sine((i - SIZE / 2) / SIZE),
);

/** Radix-2 Fourier transform of 32 entries at `start`, `start + step`, ..., in place, without scaling. */
function transformLine(real: Float64Array, imaginary: Float64Array, start: number, step: number): void {
  for (let i = 0, j = 0; i < SIZE; i++) {
    if (i < j) {
      const [a, b] = [start + i * step, start + j * step];
      [real[a], real[b]] = [real[b] ?? 0, real[a] ?? 0];
      [imaginary[a], imaginary[b]] = [imaginary[b] ?? 0, imaginary[a] ?? 0];
    }
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
  }
  for (let half = 1; half < SIZE; half *= 2)
    for (let group = 0; group < SIZE; group += 2 * half)
      for (let k = 0; k < half; k++) {
        const c = roots[(k * SIZE) / (2 * half)] ?? 0;
        const s = roots[SIZE / 2 + (k * SIZE) / (2 * half)] ?? 0;
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
