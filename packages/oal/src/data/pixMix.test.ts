import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { pixMix, pixMixDraws, type PixMixSpec } from "./pixMix.js";

const side = 8;
const picture = Uint8Array.from(
  { length: 3 * side * side },
  (_, i) => (i * 37 + (i >> 3) * 11 + (i >> 6) * 60) % 256,
);

/** Places of a round's draws behind the first five. */
const [copies, sums, more, first, second, which, down, right] = [0, 1, 2, 3, 4, 5, 6, 7];
const none: PixMixSpec = { rounds: 0, beta: 3, severity: 3 };

function mixed(
  spec: PixMixSpec,
  given: Readonly<Record<number, number>>,
  mixing = picture,
  mixingSide = side,
) {
  const draws = new Float32Array(pixMixDraws(spec));
  for (const [at, draw] of Object.entries(given)) draws[Number(at)] = draw;
  const out = new Uint8Array(picture.length);
  pixMix(picture, side, { side: mixingSide, at: () => mixing }, draws, spec, out);
  return out;
}

const plain = { 1: 0.9 };

describe("mixing", () => {
  it("leaves a picture that is not copied and has no round", () => {
    expect(mixed(none, plain)).toEqual(picture);
  });

  const one: PixMixSpec = { ...none, rounds: 1 };
  const round = (draws: Readonly<Record<number, number>>): Readonly<Record<number, number>> => ({
    0: 0.75,
    ...plain,
    ...Object.fromEntries(Object.entries(draws).map(([at, draw]) => [5 + Number(at), draw])),
  });
  const fractal = Uint8Array.from({ length: 3 * 10 * 10 }, (_, i) => (i * 53) % 256);
  /** The picture, and the square of the fractal at row 1, column 2, between 0 and 1. */
  const pairs = Array.from(picture, (level, i): [number, number] => {
    const [channel, y, x] = [Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8];
    return [level / 255, (fractal[channel * 100 + (y + 1) * 10 + x + 2] ?? 0) / 255];
  });
  const expected = (of: (v: number, w: number) => number): number[] =>
    pairs.map(([v, w]) => Math.round(255 * Math.min(1, Math.max(0, of(v, w)))));
  const third = 0.657; // 1 - 0.343, whose cube root is 0.7
  const at = { [copies]: 0.9, [first]: third, [second]: third, [which]: 0, [down]: 0.4, [right]: 0.7 };

  it.each([
    [
      "a weighted sum",
      { [sums]: 0.1, [more]: 0.1 },
      (v: number, w: number) => (0.7 * (2 * v - 1) + 0.3 * (2 * w - 1) + 1) / 2,
    ],
    [
      "a difference",
      { [sums]: 0.1, [more]: 0.9 },
      (v: number, w: number) => (1.3 * (2 * v - 1) - 0.3 * (2 * w - 1) + 1) / 2,
    ],
    [
      "a product",
      { [sums]: 0.9, [more]: 0.1 },
      (v: number, w: number) => ((2 * v) ** 0.7 * (2 * w) ** 0.3) / 2,
    ],
    [
      "a quotient",
      { [sums]: 0.9, [more]: 0.9 },
      (v: number, w: number) => ((2 * v) ** 1.3 * (2 * Math.max(w, 1e-37)) ** -0.3) / 2,
    ],
  ] as const)("is %s with a square of the mixing picture, cut to the levels", (_name, draws, of) => {
    const got = mixed(one, round({ ...at, ...draws }), fractal, 10);
    expected(of).forEach((level, i) => expect(Math.abs((got[i] ?? NaN) - level)).toBeLessThanOrEqual(1));
  });
});

/** What Pillow 9.4 makes of the picture, by the first half of its SHA-256. */
const byPillow: readonly (readonly [
  name: string,
  change: number,
  level: number,
  direction: number,
  hash: string,
])[] = [
  ["ImageOps.autocontrast", 0, 0.2, 0, "586f007c09c61de9"],
  ["ImageOps.equalize", 1, 0.2, 0, "9f842414a98eda21"],
  ["ImageOps.posterize to 3 bits", 2, 0.26, 0, "ffc0524d690092ed"],
  ["rotate by 6 degrees", 3, 0.2, 0, "fda784b871a16954"],
  ["rotate by -6 degrees", 3, 0.2, 0.9, "f91329cd8c54fc8b"],
  ["ImageOps.solarize from 205", 4, 0.2, 0, "40798e9216ff9466"],
  ["a shear of 0.06003", 5, 0.2, 0.9, "c02b81c63ffa17be"],
  ["a move by one pixel", 7, 0.4, 0.9, "707083b2aa6ba1b3"],
];

it.each(byPillow)("a changed copy is Pillow's %s, to the level", (_name, change, level, direction, hash) => {
  const spec = { ...none, severity: 10 };
  const strength = (level * 10 - 0.1) / (spec.severity - 0.1) + 1e-4;
  const copy = mixed(spec, { 1: 0.1, 2: (change + 0.5) / 9, 3: strength, 4: direction });
  expect(createHash("sha256").update(copy).digest("hex").slice(0, 16)).toBe(hash);
});
