/** Sources that make outliers of the training pictures in the batch: what they keep, what they change, and by which draws. */
import { Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { Fourier } from "../fourier.js";
import { openSource } from "./plan.js";

const size = 8;
const count = 5;
const pixels = Uint8Array.from(
  new Random(3, "pictures").uniforms(0, count * 3 * size * size),
  (u) => 40 + u * 160,
);
const images = memoryImageSet("train", pixels, Int32Array.of(0, 1, 0, 1, 2), ["a", "b", "c"]);

const open = (id: string, seed = 0) =>
  openSource(id, { folders: {}, seed, classes: 1, imageSize: size, images }, {});

const sorted = (values: Uint8Array): number[] => Array.from(values).sort((a, b) => a - b);
const pictureOf = (values: Uint8Array, i: number): Uint8Array => values.subarray(i * 192, (i + 1) * 192);

describe.each(["phase", "jigsaw", "rotate", "noise", "fractals", "mix", "cutmix"])("%s", (id) => {
  it("is a function of seed, step and rows", async () => {
    const source = await open(id);
    expect(source.count).toBe(count);
    const first = source.pictures([0, 1, 2], 7);
    expect(first.length).toBe(3 * 192);
    expect((await open(id)).pictures([0, 1, 2], 7)).toEqual(first);
    expect(source.pictures([0, 1, 2], 8)).not.toEqual(first);
    expect((await open(id, 1)).pictures([0, 1, 2], 7)).not.toEqual(first);
  });

  it("never shows a training picture as it is", async () => {
    const source = await open(id);
    for (let step = 0; step < 60; step++) {
      const made = source.pictures([0, 1, 2, 3, 4], step);
      for (let i = 0; i < count; i++) expect(pictureOf(made, i)).not.toEqual(pictureOf(pixels, i));
    }
  });
});

it("rotate turns by 90, 180 and 270 degrees, each about as often", async () => {
  const source = await open("rotate");
  // where the upper left pixel comes from tells the turn: upper right, lower right, lower left
  const corners = [size - 1, size * size - 1, size * (size - 1)];
  const seen = [0, 0, 0];
  for (let step = 0; step < 200; step++) {
    const made = source.pictures([2], step);
    const own = pictureOf(pixels, 2);
    const turned = corners.findIndex((corner) =>
      [0, 1, 2].every((channel) => made[channel * 64] === own[channel * 64 + corner]),
    );
    expect(turned).toBeGreaterThanOrEqual(0);
    seen[turned] = (seen[turned] ?? 0) + 1;
    expect(sorted(made)).toEqual(sorted(own));
    // four quarters are none: turning the picture back by the rest gives it again
    if (turned === 1) expect(made.slice(0, 64).reverse()).toEqual(own.slice(0, 64));
  }
  for (const times of seen) expect(times).toBeGreaterThan(40);
});

it("jigsaw permutes patches of one picture or of several, whole, at other places", async () => {
  const source = await open("jigsaw");
  let [one, several] = [0, 0];
  for (let step = 0; step < 80; step++) {
    const made = source.pictures([1], step);
    if (JSON.stringify(sorted(made)) === JSON.stringify(sorted(pictureOf(pixels, 1)))) one += 1;
    else several += 1;
    // every row of two pixels is a row of a patch of some training picture, in all three channels
    for (const at of [0, 18, 36, 54]) {
      const found = Array.from({ length: count }, (_, picture) => pictureOf(pixels, picture)).some((own) =>
        Array.from({ length: 64 }, (_, from) => from).some((from) =>
          [0, 1].every((next) =>
            [0, 1, 2].every((channel) => made[channel * 64 + at + next] === own[channel * 64 + from + next]),
          ),
        ),
      );
      expect(found).toBe(true);
    }
  }
  expect(Math.min(one, several)).toBeGreaterThan(20);
});

it("phase keeps the mean colour and every amplitude, and one filter moves all channels", async () => {
  const source = await open("phase");
  const fourier = new Fourier(size);
  const transform = (plane: Uint8Array) => {
    const [re, im] = [Float64Array.from(plane), new Float64Array(plane.length)];
    fourier.forward(re, im);
    return { re, im };
  };
  const made = source.pictures([3], 5);
  const own = pictureOf(pixels, 3);
  const filters = [0, 1, 2].map((channel) => {
    const [x, y] = [own, made].map((values) => transform(values.subarray(channel * 64, (channel + 1) * 64)));
    return Array.from({ length: 64 }, (_, k) => {
      const [a, b, c, d] = [x?.re[k] ?? 0, x?.im[k] ?? 0, y?.re[k] ?? 0, y?.im[k] ?? 0];
      const power = a * a + b * b;
      return { modulus: Math.sqrt((c * c + d * d) / power), re: (a * c + b * d) / power, power };
    });
  });
  for (const filter of filters) {
    expect(filter[0]?.re).toBeCloseTo(1, 2);
    // rounding to bytes is all that changes an amplitude
    for (const { modulus, power } of filter) if (power > 250_000) expect(modulus).toBeCloseTo(1, 1);
  }
  const strong = filters[0]?.findIndex(
    (_, k) => k > 0 && filters.every((filter) => (filter[k]?.power ?? 0) > 150_000),
  );
  if (strong !== undefined && strong > 0)
    for (const filter of filters) expect(filter[strong]?.re).toBeCloseTo(filters[0]?.[strong]?.re ?? 0, 1);
});

describe("the Fourier transform", () => {
  it.each([1, 6, 8, 14, 32])(
    "of size %d is the sum it stands for, and its inverse gives the plane back",
    (n) => {
      const plane = Float64Array.from(new Random(1, "plane").uniforms(n, n * n));
      const other = Float64Array.from(new Random(2, "plane").uniforms(n, n * n));
      const [re, im] = [plane.slice(), other.slice()];
      const fourier = new Fourier(n);
      fourier.forward(re, im);
      for (const [u, v] of [
        [0, 0],
        [1 % n, 0],
        [n - 1, 2 % n],
      ] as const) {
        let [a, b] = [0, 0];
        for (let y = 0; y < n; y++)
          for (let x = 0; x < n; x++) {
            const angle = (-2 * Math.PI * (u * y + v * x)) / n;
            const [c, s, p, q] = [
              Math.cos(angle),
              Math.sin(angle),
              plane[y * n + x] ?? 0,
              other[y * n + x] ?? 0,
            ];
            a += p * c - q * s;
            b += p * s + q * c;
          }
        expect(re[u * n + v]).toBeCloseTo(a, 2);
        expect(im[u * n + v]).toBeCloseTo(b, 2);
      }
      fourier.inverse(re, im);
      plane.forEach((value, i) => expect(re[i]).toBeCloseTo(value, 5));
      other.forEach((value, i) => expect(im[i]).toBeCloseTo(value, 5));
    },
  );
});
