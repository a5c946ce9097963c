/** Procedural textures: six kinds of patterns that fill the picture. */
import { clamp, cosine, sine, type Draws } from "./draws.js";
import {
  contrastingColour,
  fill,
  luma,
  mix,
  newCanvas,
  planeOf,
  randomColour,
  type Canvas,
} from "./canvas.js";
import { cloudNoise } from "./fields.js";

/** A texture: from rotated and scaled coordinates (in periods) and turbulence in [-1, 1] to a blend in [0, 1]. */
type Pattern = (u: number, v: number, turbulence: number) => number;
type PatternMaker = (draws: Draws) => Pattern;

const soft = (x: number, sharpness: number): number => clamp(0.5 + sharpness * x, 0, 1);
const fraction = (x: number): number => x - Math.floor(x);

/** Distances to the nearest and second nearest of jittered lattice points. */
function cells(draws: Draws): (u: number, v: number) => readonly [number, number] {
  const jitter = draws.block(256).slice();
  const at = (column: number, row: number): number => 2 * ((column & 7) + 8 * (row & 7));
  return (u, v) => {
    let [nearest, second] = [9, 9];
    for (let row = Math.floor(v) - 1; row <= Math.floor(v) + 1; row++)
      for (let column = Math.floor(u) - 1; column <= Math.floor(u) + 1; column++) {
        const i = at(column, row);
        const dx = column + (jitter[i] ?? 0) - u;
        const dy = row + (jitter[i + 1] ?? 0) - v;
        const distance = dx * dx + dy * dy;
        if (distance < nearest) [nearest, second] = [distance, nearest];
        else if (distance < second) second = distance;
      }
    return [Math.sqrt(nearest), Math.sqrt(second)];
  };
}

/** The kinds. */
const textureKinds: Readonly<Record<string, PatternMaker>> = {
  stripes: (draws) => {
    const sharpness = draws.between(0.5, 4);
    return (u, _v, t) => soft(sine(u + 0.15 * t), sharpness);
  },
  checks: (draws) => {
    const sharpness = draws.between(2, 8);
    return (u, v) => soft(sine(u / 2) * sine(v / 2), sharpness);
  },
  marble: (draws) => {
    const twist = draws.between(0.8, 2);
    return (u, v, t) => Math.abs(sine((u + 0.3 * v) / 2 + twist * t));
  },
  cells: (draws) => {
    const distances = cells(draws);
    return (u, v) => clamp(distances(u, v)[0] * 1.2, 0, 1);
  },
  wood: (draws) => {
    const [cu, cv] = [draws.between(-3, 3), draws.between(4, 9)];
    return (u, v, t) => fraction(Math.sqrt((u - cu) * (u - cu) + 0.2 * (v - cv) * (v - cv)) + 0.5 * t);
  },
  bricks: (draws) => {
    const joint = draws.between(0.08, 0.2);
    return (u, v) => {
      const row = Math.floor(v);
      const along = fraction(u / 2 + (row & 1) / 2);
      return along < joint / 2 || v - row < joint
        ? 0
        : 0.6 + 0.4 * fraction(0.618 * Math.floor(u / 2 + (row & 1) / 2) + 0.37 * row);
    };
  },
};

/**
 * Paints a texture over the canvas: random scale and direction, three colours, uneven light.
 *
 * @param make  one of the kinds above
 */
function paintTexture(canvas: Canvas, draws: Draws, make: PatternMaker): void {
  const pattern = make(draws);
  const period = draws.between(4, 12) * draws.unit;
  const turn = draws.next();
  const [c, s] = [cosine(turn) / period, sine(turn) / period];
  const [u0, v0] = [draws.between(0, 8), draws.between(0, 8)];
  const turbulence = cloudNoise(draws, 16, 0.5);
  const light = cloudNoise(draws, 16, 0.7);
  const dark = randomColour(draws);
  const bright = contrastingColour(draws, luma(dark), 0.2);
  const third = mix(dark, randomColour(draws), 0.5);
  fill(canvas, dark, bright, (x, y, at) =>
    pattern(c * x - s * y + u0, s * x + c * y + v0, 2 * (turbulence[at] ?? 0.5) - 1),
  );
  const amount = draws.between(0, 0.6);
  const plane = planeOf(canvas);
  for (let channel = 0; channel < 3; channel++)
    for (let at = 0; at < plane; at++) {
      const i = channel * plane + at;
      const old = canvas[i] ?? 0;
      canvas[i] = old + ((third[channel] ?? 0) - old) * amount * (light[at] ?? 0);
    }
}

/** A new canvas with a texture of the index-th kind. */
export function drawTexture(draws: Draws, index: number): { canvas: Canvas; kind: string } {
  const list = Object.entries(textureKinds);
  const [kind, make] = list[index % list.length] ?? ["stripes", () => (u: number) => soft(sine(u), 1)];
  const canvas = newCanvas(draws);
  paintTexture(canvas, draws, make);
  return { canvas, kind };
}
