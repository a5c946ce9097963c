/**
 * The picture being drawn: colours, coverage compositing and the finish that every image of the embedded data set gets, so that
 * blur, contrast and sensor noise never tell one set from another.
 */
import { clamp, type Draws } from "./draws.js";

/** Red, green and blue in [0, 1]. */
export type Colour = readonly [number, number, number];

/** float32 [3, S, S]; nominally [0, 1], limited only when written as bytes. */
export type Canvas = Float32Array;

/** An empty (black) canvas of S x S pixels. */
export function newCanvas({ size }: Draws): Canvas {
  return new Float32Array(3 * size * size);
}

/** Pixels of one plane. */
export function planeOf(canvas: Canvas): number {
  return canvas.length / 3;
}

/** Width and height in pixels. */
function sideOf(canvas: Canvas): number {
  return Math.sqrt(planeOf(canvas));
}

/** Luma of a colour, Rec. 601 weights. */
export function luma([r, g, b]: Colour): number {
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

/** Linear blend: `from` at t = 0, `to` at t = 1. */
export function mix(from: Colour, to: Colour, t: number): Colour {
  return [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t, from[2] + (to[2] - from[2]) * t];
}

/** A colour uniform in the cube, pulled towards grey by a random part. */
export function randomColour(draws: Draws): Colour {
  const [r, g, b] = [draws.next(), draws.next(), draws.next()];
  const grey = (r + g + b) / 3;
  return mix([r, g, b], [grey, grey, grey], draws.next());
}

/** A colour within `spread` of another in every channel. */
export function nearColour(draws: Draws, of: Colour, spread: number): Colour {
  const near = (x: number): number => clamp(x + draws.between(-spread, spread), 0, 1);
  return [near(of[0]), near(of[1]), near(of[2])];
}

/** A random colour whose luma differs from `luminance` by at least `contrast` (at most 0.5). */
export function contrastingColour(draws: Draws, luminance: number, contrast: number): Colour {
  for (let attempt = 0; attempt < 8; attempt++) {
    const colour = randomColour(draws);
    if (Math.abs(luma(colour) - luminance) >= contrast) return colour;
  }
  return luminance > 0.5 ? [0, 0, 0] : [1, 1, 1];
}

/** Sets every pixel to the blend of two colours by t(x, y). */
export function fill(
  canvas: Canvas,
  from: Colour,
  to: Colour,
  t: (x: number, y: number, at: number) => number,
): void {
  const [size, plane] = [sideOf(canvas), planeOf(canvas)];
  for (let y = 0, at = 0; y < size; y++)
    for (let x = 0; x < size; x++, at++) {
      const w = t(x, y, at);
      for (let c = 0; c < 3; c++)
        canvas[c * plane + at] = (from[c] ?? 0) + ((to[c] ?? 0) - (from[c] ?? 0)) * w;
    }
}

/** Paints a colour through a coverage mask [S, S]. */
export function paint(canvas: Canvas, coverage: Float32Array, colour: Colour, opacity = 1): void {
  const plane = planeOf(canvas);
  for (let c = 0; c < 3; c++)
    for (let at = 0; at < plane; at++) {
      const i = c * plane + at;
      const old = canvas[i] ?? 0;
      canvas[i] = old + ((colour[c] ?? 0) - old) * opacity * (coverage[at] ?? 0);
    }
}

/** Mean luma of the pixels under a coverage mask, or of the whole picture where the mask is empty. */
export function meanLuma(canvas: Canvas, coverage: Float32Array): number {
  let [sum, weight, all] = [0, 0, 0];
  const plane = planeOf(canvas);
  for (let at = 0; at < plane; at++) {
    const y = luma([canvas[at] ?? 0, canvas[plane + at] ?? 0, canvas[2 * plane + at] ?? 0]);
    sum += y * (coverage[at] ?? 0);
    weight += coverage[at] ?? 0;
    all += y;
  }
  return weight > 0 ? sum / weight : all / plane;
}

/**
 * Blends every plane with its 3x3 binomial blur (edges repeated).
 *
 * @param strength  0 leaves the picture, 1 is the blur alone
 */
export function blur(canvas: Canvas, strength: number): void {
  const [size, pixels] = [sideOf(canvas), planeOf(canvas)];
  const rows = new Float32Array(pixels);
  for (let c = 0; c < 3; c++) {
    const plane = canvas.subarray(c * pixels, (c + 1) * pixels);
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const at = y * size + x;
        const left = plane[x > 0 ? at - 1 : at] ?? 0;
        const right = plane[x < size - 1 ? at + 1 : at] ?? 0;
        rows[at] = (left + 2 * (plane[at] ?? 0) + right) / 4;
      }
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const at = y * size + x;
        const up = rows[y > 0 ? at - size : at] ?? 0;
        const down = rows[y < size - 1 ? at + size : at] ?? 0;
        const old = plane[at] ?? 0;
        plane[at] = old + ((up + 2 * (rows[at] ?? 0) + down) / 4 - old) * strength;
      }
  }
}

/**
 * The camera: optional blur, contrast and brightness, sensor noise (part grey, part coloured), rounding to bytes.
 *
 * @param canvas  changed in place
 * @param out  uint8 [3, S, S], receives the image
 */
export function finish(canvas: Canvas, draws: Draws, out: Uint8Array): void {
  if (draws.chance(0.4)) blur(canvas, draws.between(0.2, 0.9));
  const gain = draws.between(0.75, 1.1);
  const shift = draws.between(-0.06, 0.06) + 0.5 * (1 - gain);
  const strength = draws.next();
  const amplitude = 0.01 + 0.17 * strength * strength;
  const chroma = draws.next();
  const plane = planeOf(canvas);
  const noise = draws.block(plane);
  for (let at = 0; at < plane; at++) {
    // One 24-bit draw is three independent 8-bit ones.
    const bits = (noise[at] ?? 0) * 256;
    const a = Math.floor(bits);
    const b = Math.floor((bits - a) * 256);
    const c = ((bits - a) * 256 - b) * 256;
    for (let channel = 0; channel < 3; channel++) {
      const own = channel === 0 ? a : channel === 1 ? b : c;
      const grain = (b + (own - b) * chroma - 127.5) / 127.5;
      const value = (canvas[channel * plane + at] ?? 0) * gain + shift + amplitude * grain;
      out[channel * plane + at] = Math.floor(clamp(value, 0, 1) * 255 + 0.5);
    }
  }
}
