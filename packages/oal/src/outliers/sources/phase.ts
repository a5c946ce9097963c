/** Training pictures with other phases: their colours and their spectrum without their shapes. */
import { Random } from "oal-core";
import { cosine, sine } from "../../data/embedded/draws.js";
import { Fourier } from "../fourier.js";
import { defineSource, noOptions } from "./source.js";

/** How often the phases are drawn wholly anew; else they are mixed with the picture's own, so that some of its layout is left. */
const whollyNew = 0.5;
/** Share of the new phases in a mixture. */
const mixed = [0.5, 0.9] as const;

/**
 * Source "phase". Row i is training picture i, filtered anew in every step. With X a channel's Fourier transform and N random phases of
 * modulus 1, N(−k) = conj N(k), the same for all three channels:
 *
 *   Y(k) = X(k) H(k),  H = ((1 − λ) + λ N) / |(1 − λ) + λ N|,  H(0) = 1
 *
 * with λ = 1 for half of the pictures, else uniform in [0.5, 0.9]. |H| = 1 keeps every amplitude, H(0) = 1 the mean colour, and one H
 * for all channels their relation. Rounded and limited to bytes.
 *
 * @source amplitude and phase: Oppenheim and Lim 1981; as a change of pictures Chen et al. 2021 (APR, arXiv 2108.08487)
 */
export const phasePictures = defineSource({
  id: "phase",
  title: "training pictures with random or mixed Fourier phases, made in the batch",
  formula:
    "Y(k) = X(k) H(k), H = ((1 - λ) + λ N) / |(1 - λ) + λ N|, H(0) = 1; X a channel's Fourier transform, N random phases",
  source: "amplitude and phase: Oppenheim and Lim 1981; Chen et al. 2021 (APR, arXiv 2108.08487)",
  schema: noOptions,
  open: ({ images, seed, imageSize }) => {
    const random = new Random(seed, "outliers/phase");
    const plane = imageSize * imageSize;
    const fourier = new Fourier(imageSize);
    const perPicture = 2 + plane;
    return Promise.resolve({
      count: images.count,
      pictures: (rows, step) => {
        const pictures = images.read(rows);
        const draws = random.uniforms(step, rows.length * perPicture);
        const out = new Uint8Array(pictures.length);
        for (let i = 0; i < rows.length; i++) {
          const own = draws.subarray(i * perPicture, (i + 1) * perPicture);
          const [low, high] = mixed;
          const share = (own[0] ?? 0) < whollyNew ? 1 : low + (high - low) * (own[1] ?? 0);
          const filter = phaseFilter(own.subarray(2), share, imageSize);
          const [from, to] = [i * 3 * plane, (i + 1) * 3 * plane];
          applyFilter(pictures.subarray(from, to), filter, fourier, out.subarray(from, to));
        }
        return out;
      },
    });
  },
});

/** H by frequency, row by row: real and imaginary parts. */
interface Filter {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function phaseFilter(draws: Float32Array, share: number, size: number): Filter {
  const [re, im] = [new Float64Array(size * size), new Float64Array(size * size)];
  for (let at = 0; at < size * size; at++) {
    const [y, x] = [Math.floor(at / size), at % size];
    const partner = ((size - y) % size) * size + ((size - x) % size);
    if (partner < at) continue;
    const turn = draws[at] ?? 0;
    // a frequency that is its own partner has a real factor
    const phase = partner === at ? (turn < 0.5 ? 0 : 0.5) : turn;
    const [c, s] = at === 0 ? [1, 0] : [1 - share + share * cosine(phase), share * sine(phase)];
    const modulus = Math.sqrt(c * c + s * s);
    // a factor that vanishes has no phase: the picture's own stays
    const [real, imaginary] = modulus > 1e-6 ? [c / modulus, s / modulus] : [1, 0];
    re[at] = real;
    im[at] = partner === at ? 0 : imaginary;
    re[partner] = real;
    if (partner !== at) im[partner] = -imaginary;
  }
  return { re, im };
}

/** Filters the three planes of a picture: two as the real and imaginary part of one, because H is the transform of a real kernel. */
function applyFilter(
  picture: Uint8Array,
  { re: hRe, im: hIm }: Filter,
  fourier: Fourier,
  out: Uint8Array,
): void {
  const plane = hRe.length;
  for (const first of [0, 2]) {
    const re = Float64Array.from(picture.subarray(first * plane, (first + 1) * plane));
    const im = new Float64Array(plane);
    if (first === 0) im.set(picture.subarray(plane, 2 * plane));
    fourier.forward(re, im);
    for (let k = 0; k < plane; k++) {
      const [a, b, c, d] = [re[k] ?? 0, im[k] ?? 0, hRe[k] ?? 0, hIm[k] ?? 0];
      re[k] = a * c - b * d;
      im[k] = a * d + b * c;
    }
    fourier.inverse(re, im);
    for (let at = 0; at < plane; at++) {
      out[first * plane + at] = Math.min(255, Math.max(0, Math.floor((re[at] ?? 0) + 0.5)));
      if (first === 0) out[plane + at] = Math.min(255, Math.max(0, Math.floor((im[at] ?? 0) + 0.5)));
    }
  }
}
