/** Filled geometric shapes for far-OOD: polygons, stars, crosses, ellipses, hearts and blobs. No ring and no bar: those are digits. */
import { cosine, sine, type Draws } from "./draws.js";
import { contrastingColour, meanLuma, newCanvas, paint, type Canvas } from "./canvas.js";
import type { Contours } from "./outlines.js";
import { rasterise, transform } from "./rasterise.js";
import { paintBackground } from "./background.js";

/** Radius of a shape as a function of the direction in turns. */
const around = (count: number, radius: (i: number, turn: number) => number): Contours => {
  const points = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const turn = i / count;
    points[2 * i] = radius(i, turn) * cosine(turn);
    points[2 * i + 1] = radius(i, turn) * sine(turn);
  }
  return [points];
};

/** The shapes, each of about unit radius around the origin. */
export const shapeKinds: Readonly<Record<string, (draws: Draws) => Contours>> = {
  triangle: () => around(3, () => 1.1),
  square: () => around(4, () => 1.1),
  pentagon: () => around(5, () => 1),
  hexagon: () => around(6, () => 1),
  star: (draws) => {
    const inner = draws.between(0.35, 0.6);
    return around(2 * (4 + draws.integer(4)), (i) => (i % 2 === 0 ? 1.2 : 1.2 * inner));
  },
  cross: (draws) => {
    const w = draws.between(0.25, 0.45);
    return [
      Float64Array.of(-w, -1, w, -1, w, -w, 1, -w, 1, w, w, w, w, 1, -w, 1, -w, w, -1, w, -1, -w, -w, -w),
    ];
  },
  ellipse: (draws) => {
    const flat = draws.between(0.6, 1);
    return transform(
      around(32, () => 1),
      [1, 0, 0, flat, 0, 0],
    );
  },
  heart: () => {
    const points = new Float64Array(64);
    for (let i = 0; i < 32; i++) {
      const s = sine(i / 32);
      points[2 * i] = 1.1 * s * s * s;
      points[2 * i + 1] =
        -(13 * cosine(i / 32) - 5 * cosine(i / 16) - 2 * cosine((3 * i) / 32) - cosine(i / 8)) / 15;
    }
    return [points];
  },
  blob: (draws) => {
    const [a, b, p, q] = [draws.between(0.1, 0.3), draws.between(0.05, 0.2), draws.next(), draws.next()];
    return around(40, (_i, turn) => 0.9 + a * sine(2 * turn + p) + b * sine(5 * turn + q));
  },
};

/** A canvas with one to four shapes; the first is of the index-th kind. */
export function drawShapes(draws: Draws, index: number): { canvas: Canvas; kind: string } {
  const { size, unit } = draws;
  const canvas = newCanvas(draws);
  paintBackground(canvas, draws);
  const kinds = Object.entries(shapeKinds);
  const count = 1 + Math.floor(4 * draws.next() * draws.next());
  const first = index % kinds.length;
  for (let i = 0; i < count; i++) {
    const [, make] = kinds[i === 0 ? first : draws.integer(kinds.length)] ?? [];
    if (make === undefined) continue;
    const length = i === 0 ? draws.between(6, 12) : draws.between(3, 8);
    const radius = (length / Math.sqrt(count === 1 ? 1 : 1.3)) * unit;
    const turn = draws.next();
    const squeeze = draws.between(0.75, 1);
    const [c, s] = [cosine(turn) * radius, sine(turn) * radius];
    const place = (): number => size / 2 + (i === 0 ? draws.between(-5, 5) : draws.between(-14, 14)) * unit;
    const shape = transform(make(draws), [c, s, -s * squeeze, c * squeeze, place(), place()]);
    const coverage = rasterise(shape, size);
    paint(canvas, coverage, contrastingColour(draws, meanLuma(canvas, coverage), 0.2));
  }
  return { canvas, kind: kinds[first]?.[0] ?? "" };
}
