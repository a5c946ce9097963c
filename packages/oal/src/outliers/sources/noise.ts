/** Noise of several spectra in the colours of training pictures: their mean and spread without anything that they show. */
import { Random } from "oal-core";
import { cosine } from "../../data/embedded/draws.js";
import { Fourier } from "../fourier.js";
import { defineSource, noOptions } from "./source.js";

/**
 * Amplitudes as powers of the frequency, A(k) = |k|^-α: white; half-way; pink, the spectrum of photographs; and two smoother ones. By
 * halves, because roots give the same bits on every machine.
 */
const exponents = [0, 0.5, 1, 1.5, 2] as const;
/**
 * Deviations of the blur of white noise, as shares of the picture's side: from grain to a few soft blobs. By powers of (1 + cos 2πk/S) / 2,
 * that is, by the kernel (1, 2, 1) / 4 applied so many times, which becomes a Gaussian.
 */
const blurs = [1 / 32, 1 / 16, 1 / 8] as const;

/**
 * Source "noise". Row i is noise with the colours of training picture i, drawn anew in every step. With N_c independent complex white
 * Gaussian planes and A one of eight amplitudes, each as likely (|k|^-α, or that of a blur), A(0) = 0:
 *
 *   p_c = Re F⁻¹(A N_c), made orthogonal to each other and of variance 1;  y = m_i + L_i p,  L_i L_iᵀ = Σ_i
 *
 * m_i and Σ_i are the mean and the covariance of the picture's colours, which y has too up to rounding and limiting to bytes.
 *
 * @source spectra of photographs: Field 1987; noise by spectrum and colour as training pictures: Baradad et al. 2021 (arXiv 2106.05963);
 * Gaussian noise and blurred noise as outliers: Hendrycks et al. 2019 (Outlier Exposure, arXiv 1812.04606)
 */
export const noisePictures = defineSource({
  id: "noise",
  title: "noise, white to blurred, in the colours of training pictures, made in the batch",
  formula:
    "y = m + L p, L Lᵀ the covariance and m the mean of a picture's colours; p = Re F⁻¹(A N), A(k) = |k|^-α, α of 0 to 2, or a blur's",
  source:
    "spectra: Field 1987; Baradad et al. 2021 (arXiv 2106.05963); as outliers Hendrycks et al. 2019 (arXiv 1812.04606)",
  schema: noOptions,
  open: ({ images, seed, imageSize }) => {
    const random = new Random(seed, "outliers/noise");
    const plane = imageSize * imageSize;
    const fourier = new Fourier(imageSize);
    const spectra = noiseSpectra(imageSize);
    return Promise.resolve({
      count: images.count,
      pictures: (rows, step) => {
        const pictures = images.read(rows);
        const kinds = random.uniforms(step, rows.length);
        const normals = random.quickNormals(step, rows.length * 4 * plane);
        for (let i = 0; i < rows.length; i++) {
          const amplitude = spectra[Math.floor((kinds[i] ?? 0) * spectra.length)] ?? new Float64Array(plane);
          const planes = noisePlanes(
            amplitude,
            normals.subarray(i * 4 * plane, (i + 1) * 4 * plane),
            fourier,
          );
          colour(pictures.subarray(i * 3 * plane, (i + 1) * 3 * plane), planes);
        }
        return pictures;
      },
    });
  },
});

/** The eight amplitudes by frequency, [S, S] each: five powers, then three blurs. */
export function noiseSpectra(size: number): readonly Float64Array[] {
  // frequencies as they are meant: the upper half of the positions are the negative ones
  const frequency = (k: number): number => (2 * k <= size ? k : k - size);
  const table = (of: (y: number, x: number) => number): Float64Array =>
    Float64Array.from({ length: size * size }, (_, at) =>
      at === 0 ? 0 : of(Math.floor(at / size), at % size),
    );
  const powers = exponents.map((exponent) =>
    table((y, x) => {
      const length = Math.sqrt(frequency(y) ** 2 + frequency(x) ** 2);
      let amplitude = 1;
      for (let half = 0; half < 2 * exponent; half++) amplitude /= Math.sqrt(length);
      return amplitude;
    }),
  );
  return [
    ...powers,
    ...blurs.map((deviation) => {
      // a kernel (1, 2, 1) / 4 has variance 1/2
      const times = Math.max(1, Math.round(2 * (deviation * size) ** 2));
      const line = Float64Array.from({ length: size }, (_, k) => {
        let amplitude = 1;
        for (let i = 0; i < times; i++) amplitude *= (1 + cosine(k / size)) / 2;
        return amplitude;
      });
      return table((y, x) => (line[y] ?? 0) * (line[x] ?? 0));
    }),
  ];
}

/** Three planes of one spectrum: mean 0, variance 1, orthogonal. A real amplitude makes two planes of one complex one. */
function noisePlanes(amplitude: Float64Array, normals: Float32Array, fourier: Fourier): Float64Array[] {
  const { length } = amplitude;
  const planes: Float64Array[] = [];
  for (const first of [0, 2]) {
    const pair = [0, 1].map((part) =>
      amplitude.map((a, k) => a * (normals[(first + part) * length + k] ?? 0)),
    );
    const [re = new Float64Array(length), im = new Float64Array(length)] = pair;
    fourier.inverse(re, im);
    planes.push(re, im);
  }
  const made = planes.slice(0, 3);
  made.forEach((plane, c) => {
    for (const earlier of made.slice(0, c)) {
      const shared = dot(plane, earlier) / length;
      plane.forEach((value, at) => (plane[at] = value - shared * (earlier[at] ?? 0)));
    }
    const deviation = Math.sqrt(dot(plane, plane) / length);
    // a plane of hardly any pixels may have nothing left of its own
    const scale = deviation > 1e-12 ? 1 / deviation : 0;
    plane.forEach((value, at) => (plane[at] = value * scale));
  });
  return made;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

/** Replaces a picture by noise planes that are given the mean and covariance of its colours. */
function colour(picture: Uint8Array, planes: readonly Float64Array[]): void {
  const length = picture.length / 3;
  const own = [0, 1, 2].map((c) => Float64Array.from(picture.subarray(c * length, (c + 1) * length)));
  const means = own.map((values) => values.reduce((sum, value) => sum + value, 0) / length);
  own.forEach((values, c) => values.forEach((value, at) => (values[at] = value - (means[c] ?? 0))));
  const factor = cholesky(own.map((a) => own.map((b) => dot(a, b) / length)));
  for (let c = 0; c < 3; c++)
    for (let at = 0; at < length; at++) {
      let value = means[c] ?? 0;
      for (let d = 0; d <= c; d++) value += (factor[c]?.[d] ?? 0) * (planes[d]?.[at] ?? 0);
      picture[c * length + at] = Math.min(255, Math.max(0, Math.floor(value + 0.5)));
    }
}

/** The lower triangle L of a positive semidefinite matrix L Lᵀ; a direction without variance (grey pictures) has a column of zeros. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const lower = matrix.map((row) => row.map(() => 0));
  const at = (i: number, j: number): number => lower[i]?.[j] ?? 0;
  matrix.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      let rest = row[j] ?? 0;
      for (let k = 0; k < j; k++) rest -= at(i, k) * at(j, k);
      const value = i === j ? Math.sqrt(Math.max(0, rest)) : at(j, j) > 1e-6 ? rest / at(j, j) : 0;
      const target = lower[i];
      if (target) target[j] = value;
    }
  });
  return lower;
}
