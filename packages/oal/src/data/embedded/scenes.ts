/**
 * Photo-like fields for far-OOD: dead leaves (occluding objects with a power law of sizes, the usual model of photographs'
 * statistics), landscapes, clouds with a 1/f spectrum, and lights out of focus. And noise pictures of several spectra.
 */
import { clamp, cosine, sine, type Draws } from "./draws.js";
import {
  blur,
  fill,
  luma,
  mix,
  nearColour,
  newCanvas,
  paint,
  planeOf,
  randomColour,
  type Canvas,
  type Colour,
} from "./canvas.js";
import { cloudNoise, spectralNoise } from "./fields.js";
import { shapeKinds } from "./shapes.js";
import { rasterise, transform } from "./rasterise.js";

type Scene = (draws: Draws) => Canvas;

/** Multiplies the picture by uneven light of mean 1. */
function light(canvas: Canvas, draws: Draws, depth: number): void {
  const [field] = spectralNoise(draws, 3);
  const plane = planeOf(canvas);
  for (let i = 0; i < canvas.length; i++)
    canvas[i] = (canvas[i] ?? 0) * (1 + depth * (2 * (field[i % plane] ?? 0.5) - 1));
}

const leaves: Scene = (draws) => {
  const { size, unit } = draws;
  const canvas = newCanvas(draws);
  const base = randomColour(draws);
  const other = randomColour(draws);
  fill(canvas, base, other, (_x, y) => y / size);
  const makers = [shapeKinds["ellipse"], shapeKinds["blob"], shapeKinds["square"], shapeKinds["blob"]];
  const count = 18 + draws.integer(30);
  for (let i = 0; i < count; i++) {
    const make = makers[draws.integer(4)];
    if (make === undefined) continue;
    const radius = (2.2 / Math.sqrt(0.02 + draws.next())) * unit;
    const turn = draws.next();
    const [c, s, flat] = [cosine(turn) * radius, sine(turn) * radius, draws.between(0.5, 1)];
    const place = (): number => draws.between(-4, size / unit + 4) * unit;
    const at = [place(), place()] as const;
    const coverage = rasterise(transform(make(draws), [c, s, -s * flat, c * flat, ...at]), size);
    paint(canvas, coverage, nearColour(draws, mix(base, other, draws.next()), 0.3));
  }
  light(canvas, draws, draws.between(0.4, 1));
  return canvas;
};

const landscape: Scene = (draws) => {
  const { size, unit } = draws;
  const canvas = newCanvas(draws);
  const top: Colour = [draws.between(0.1, 0.6), draws.between(0.3, 0.7), draws.between(0.5, 1)];
  const horizon = nearColour(draws, [0.9, 0.75, 0.65], 0.25);
  fill(canvas, top, horizon, (_x, y) => clamp(y / (20 * unit), 0, 1));
  const clouds = cloudNoise(draws, 16, 0.55);
  paint(
    canvas,
    clouds.map((x) => clamp(5 * x - 2.6, 0, 1)),
    [1, 1, 1],
    draws.between(0, 0.9),
  );
  const ground = nearColour(draws, [0.25, 0.35, 0.15], 0.25);
  const ridges = 2 + draws.integer(3);
  const start = draws.between(10, 18) * unit;
  for (let i = 0; i < ridges; i++) {
    const profile = cloudNoise(draws, 16, 0.6);
    const grain = cloudNoise(draws, 4, 0.9);
    const level = start + (i * (size - start)) / ridges;
    const mask = new Float32Array(size * size);
    for (let at = 0; at < mask.length; at++) {
      const height = level + 14 * unit * ((profile[at % size] ?? 0.5) - 0.5);
      mask[at] = clamp(Math.floor(at / size) - height, 0, 1);
    }
    const tone = mix(horizon, nearColour(draws, ground, 0.1), (i + 1) / ridges);
    paint(canvas, mask, tone);
    const dark = mask.map((value, at) => value * clamp((grain[at] ?? 0.5) * 2 - 0.6, 0, 1));
    paint(canvas, dark, mix(tone, [0, 0, 0], 0.7), (0.8 * (i + 1)) / ridges);
  }
  return canvas;
};

const spectrum: Scene = (draws) => {
  const canvas = newCanvas(draws);
  const [brightness, tint] = spectralNoise(draws, 2 + draws.integer(3));
  const [from, middle, to] = [randomColour(draws), randomColour(draws), randomColour(draws)];
  fill(canvas, from, to, (_x, _y, at) => clamp(1.4 * (brightness[at] ?? 0.5) - 0.2, 0, 1));
  paint(
    canvas,
    tint.map((x) => clamp(3 * x - 1, 0, 1)),
    middle,
    0.7,
  );
  return canvas;
};

const lights: Scene = (draws) => {
  const { size, unit } = draws;
  const canvas = newCanvas(draws);
  const base = mix(randomColour(draws), [0, 0, 0], draws.between(0.2, 0.8));
  fill(canvas, base, nearColour(draws, base, 0.3), (x) => x / size);
  const count = 5 + draws.integer(14);
  for (let i = 0; i < count; i++) {
    const radius = draws.between(1.5, 6) * unit;
    const disc = shapeKinds["ellipse"]?.(draws) ?? [];
    const at = [draws.between(0, size), draws.between(0, size)] as const;
    const coverage = rasterise(transform(disc, [radius, 0, 0, radius, ...at]), size);
    paint(canvas, coverage, mix(randomColour(draws), [1, 1, 1], 0.3), draws.between(0.3, 0.8));
  }
  blur(canvas, 1);
  light(canvas, draws, 0.4);
  return canvas;
};

const scenes: readonly (readonly [string, Scene])[] = [
  ["leaves", leaves],
  ["landscape", landscape],
  ["spectrum", spectrum],
  ["lights", lights],
];

/** A photo-like canvas of the index-th kind. */
export function drawField(draws: Draws, index: number): { canvas: Canvas; kind: string } {
  const [kind, draw] = scenes[index % scenes.length] ?? ["leaves", leaves];
  return { canvas: draw(draws), kind };
}

/** Twice the spectral exponents of the noise set: blue, white, pink and brown, besides blocks and salt and pepper. */
const spectra = { blue: -2, white: 0, pink: 2, brown: 4 } as const;
const noiseKinds = ["blue", "white", "pink", "brown", "blocks", "speckle"] as const;

/** A noise canvas of the index-th kind, grey or coloured, of random contrast. */
export function drawNoise(draws: Draws, index: number): { canvas: Canvas; kind: string } {
  const kind = noiseKinds[index % noiseKinds.length] ?? "white";
  const canvas = newCanvas(draws);
  const base = randomColour(draws);
  const grey = draws.chance(0.3);
  const contrast = draws.between(0.7, 1.8);
  const planes: Float32Array[] = [];
  while (planes.length < (grey ? 1 : 3)) planes.push(...noisePlanes(draws, kind));
  const centre = 0.5 + 0.3 * (luma(base) - 0.5);
  for (let c = 0; c < 3; c++) {
    const plane = planes[grey ? 0 : c];
    const level = grey ? centre : 0.5 + 0.5 * ((base[c] ?? 0.5) - 0.5);
    for (let at = 0; at < planeOf(canvas); at++)
      canvas[c * planeOf(canvas) + at] = level + contrast * ((plane?.[at] ?? 0.5) - 0.5);
  }
  return { canvas, kind };
}

function noisePlanes(draws: Draws, kind: (typeof noiseKinds)[number]): readonly Float32Array[] {
  const { size, unit } = draws;
  if (kind === "speckle") {
    const rate = draws.between(0.05, 0.5);
    return [draws.block(size * size).map((u) => (u < rate / 2 ? 0 : u > 1 - rate / 2 ? 1 : 0.5))];
  }
  if (kind === "blocks") {
    const cell = (2 << draws.integer(3)) * unit;
    const values = draws.block(256).slice();
    return [
      Float32Array.from({ length: size * size }, (_, at) => {
        const [x, y] = [at % size, Math.floor(at / size)];
        return values[Math.floor(x / cell) + 16 * Math.floor(y / cell)] ?? 0.5;
      }),
    ];
  }
  return spectralNoise(draws, spectra[kind]);
}
