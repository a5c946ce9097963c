/** Sources that draw: noise has the spectra and colours that it says, fractals fill the picture with the colours they are given. */
import { Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { drawFractal, fractalColours, fractalDraws } from "../../data/fractal.js";
import { noiseSpectra } from "./noise.js";
import { openSource } from "./plan.js";

const size = 16;
const plane = size * size;

/** Mean and covariance of the colours of a picture. */
function colours(picture: Uint8Array): { means: number[]; covariance: number[][] } {
  const own = [0, 1, 2].map((c) => Array.from(picture.subarray(c * plane, (c + 1) * plane)));
  const means = own.map((values) => values.reduce((sum, value) => sum + value, 0) / plane);
  const centred = own.map((values, c) => values.map((value) => value - (means[c] ?? 0)));
  const covariance = centred.map((a) =>
    centred.map((b) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0) / plane),
  );
  return { means, covariance };
}

/** Correlation of horizontal neighbours, over all rows of the first channel. */
function neighbours(picture: Uint8Array): number {
  const { means, covariance } = colours(picture);
  let sum = 0;
  for (let at = 0; at < plane; at++) {
    const next = at % size === size - 1 ? at - size + 1 : at + 1;
    sum += ((picture[at] ?? 0) - (means[0] ?? 0)) * ((picture[next] ?? 0) - (means[0] ?? 0));
  }
  return sum / plane / (covariance[0]?.[0] ?? 1);
}

describe("noise", () => {
  it("has amplitudes that fall by the power of the frequency, or by that of the kernel of a blur", () => {
    const spectra = noiseSpectra(32);
    const at = (spectrum: number, y: number, x: number): number =>
      spectra[spectrum]?.[((y + 32) % 32) * 32 + ((x + 32) % 32)] ?? NaN;
    expect(spectra).toHaveLength(8);
    for (const [spectrum, exponent] of [0, 0.5, 1, 1.5, 2].entries()) {
      expect(at(spectrum, 0, 0)).toBe(0);
      expect(at(spectrum, 3, 4)).toBeCloseTo(5 ** -exponent, 10);
      // a frequency and its negative are one
      expect(at(spectrum, -3, -4)).toBe(at(spectrum, 3, 4));
    }
    // a Gaussian of deviation s pixels has amplitude exp(-2 (π s k / S)²); the kernel comes close where frequencies are low
    for (const [blur, deviation] of [1, 2, 4].entries())
      expect(at(5 + blur, 1, 2)).toBeCloseTo(Math.exp(-2 * 5 * ((Math.PI * deviation) / 32) ** 2), 2);
  });

  it("has the mean and the covariance of the picture's colours, and all its spectra come up", async () => {
    const random = new Random(5, "pictures");
    const [shared, own] = [random.uniforms(0, plane), random.uniforms(1, 3 * plane)];
    const pixels = Uint8Array.from(
      own,
      (u, at) => 100 + 20 * Math.floor(at / plane) + 30 * (shared[at % plane] ?? 0) + 20 * u,
    );
    const images = memoryImageSet("train", pixels, new Int32Array(1), ["a"]);
    const source = await openSource(
      "noise",
      { folders: {}, seed: 0, classes: 1, imageSize: size, images },
      {},
    );
    const wanted = colours(pixels);
    const correlations: number[] = [];
    for (let step = 0; step < 60; step++) {
      const made = source.pictures([0], step);
      const got = colours(made);
      got.means.forEach((mean, c) => expect(Math.abs(mean - (wanted.means[c] ?? 0))).toBeLessThan(0.15));
      got.covariance.forEach((row, a) =>
        row.forEach((value, b) => {
          expect(Math.abs(value - (wanted.covariance[a]?.[b] ?? 0))).toBeLessThan(2.5);
        }),
      );
      correlations.push(neighbours(made));
    }
    // white noise has neighbours that know nothing of each other, a wide blur such as are nearly alike
    expect(Math.min(...correlations)).toBeLessThan(0.1);
    expect(Math.max(...correlations)).toBeGreaterThan(0.9);
  });

  it("of a grey picture is grey", async () => {
    const grey = Uint8Array.from({ length: 3 * plane }, (_, at) => 60 + (((at % plane) * 7) % 90));
    const images = memoryImageSet("train", grey, new Int32Array(1), ["a"]);
    const source = await openSource(
      "noise",
      { folders: {}, seed: 0, classes: 1, imageSize: size, images },
      {},
    );
    const made = source.pictures([0], 3);
    expect(made.subarray(plane, 2 * plane)).toEqual(made.subarray(0, plane));
    expect(made.subarray(2 * plane)).toEqual(made.subarray(0, plane));
    expect(new Set(made).size).toBeGreaterThan(10);
  });
});

describe("a fractal", () => {
  const draw = (step: number, shades: (colour: number) => number): Uint8Array => {
    const out = new Uint8Array(3 * plane);
    const chosen = Uint8Array.from({ length: 3 * fractalColours }, (_, at) => shades(Math.floor(at / 3)));
    drawFractal(new Random(2, "fractal").uniforms(step, fractalDraws(size)), chosen, size, out);
    return out;
  };

  it("touches all four sides, and leaves background", () => {
    for (let step = 0; step < 20; step++) {
      // black maps on white: whatever is darker than white is the attractor
      const made = draw(step, (colour) => (colour === 0 ? 255 : 0)).subarray(0, plane);
      const drawn = Array.from({ length: plane }, (_, at) => at).filter((at) => (made[at] ?? 255) < 255);
      const extent = (values: readonly number[]): number[] => [Math.min(...values), Math.max(...values)];
      expect(extent(drawn.map((at) => at % size))).toEqual([0, size - 1]);
      expect(extent(drawn.map((at) => Math.floor(at / size)))).toEqual([0, size - 1]);
      expect(drawn.length).toBeLessThan(plane);
    }
  });

  it("has no colour beyond those it is given, and in a full pixel none of the background", () => {
    const made = draw(1, (colour) => (colour === 0 ? 200 : 40 + 20 * colour));
    expect(Math.max(...made)).toBe(200);
    expect(Math.min(...made)).toBeGreaterThanOrEqual(60);
    expect(Math.min(...made)).toBeLessThanOrEqual(120);
  });

  it("is neither a few dots nor a full square", () => {
    const filled = Array.from({ length: 40 }, (_, step) =>
      draw(step, (colour) => (colour === 0 ? 255 : 0))
        .subarray(0, plane)
        .reduce((count, value) => count + (value < 255 ? 1 : 0), 0),
    );
    expect(Math.min(...filled)).toBeGreaterThan(size);
    expect(filled.reduce((sum, count) => sum + count, 0) / filled.length).toBeLessThan(0.8 * plane);
  });
});
