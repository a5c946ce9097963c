/**
 * One glyph as a 32x32 colour image. Digits and near-OOD glyphs go through this one function with the same distributions, so that
 * only the glyph tells them apart.
 */
import { cosine, sine, clamp, usualSize, type Draws } from "./draws.js";
import { contrastingColour, finish, luma, meanLuma, newCanvas, paint, type Colour } from "./canvas.js";
import { boundsOf, type Contours, type Glyph } from "./outlines.js";
import { centre, offset, rasterise, strokeWidth, transform } from "./rasterise.js";
import { paintBackground } from "./background.js";

// Ranges chosen on contact sheets: a person reads every digit, a small network reaches 96 % on unseen families.
const HEIGHT = [15, 26] as const;
const ROTATION = 0.062; // turns either way: 22 degrees
const SHEAR = 0.3;
const ASPECT = [0.75, 1.2] as const;
const WARP = 0.05; // of the height
const THINNEST = 1.5; // pixels; thinner strokes vanish in noise
const CONTRAST = 0.24; // of luma, between stroke and what lies under it

/**
 * Draws a glyph: background, random pose and stroke, colours, then the camera of `finish`.
 *
 * @param glyph  in the unit box
 * @param draws  the random numbers of this image
 * @param out  uint8 [3, 32, 32], receives the image
 */
export function renderGlyph(glyph: Glyph, draws: Draws, out: Uint8Array): void {
  const canvas = newCanvas(draws);
  paintBackground(canvas, draws);
  const posed = pose(glyph.contours, draws);
  const width = strokeWidth(posed);
  const weight = Math.max(draws.between(-0.12 * width, 0.65), (THINNEST - width) / 2);
  const body = offset(posed, weight);
  const coverage = rasterise(body, usualSize);
  const stroke = contrastingColour(draws, meanLuma(canvas, coverage), CONTRAST);
  const style = draws.next();
  if (style < 0.1) {
    const [dx, dy] = [draws.between(-2, 2), draws.between(-2, 2)];
    paint(
      canvas,
      rasterise(transform(body, [1, 0, 0, 1, dx, dy]), usualSize),
      [0, 0, 0],
      draws.between(0.3, 0.6),
    );
  } else if (style < 0.25) {
    const halo = contrastingColour(draws, luma(stroke), 0.3);
    paint(canvas, rasterise(offset(posed, weight + draws.between(0.6, 1.3)), usualSize), halo);
  }
  paint(canvas, style > 0.9 ? hollow(posed, weight, width, coverage) : coverage, stroke);
  if (style > 0.75 && style < 0.9) {
    const ramp = coverage.map((value, at) => (value * Math.floor(at / usualSize)) / usualSize);
    paint(canvas, ramp, shade(draws, stroke));
  }
  finish(canvas, draws, out);
}

/** Random size, aspect, shear, rotation, wave and place; the box stays within about a pixel of the picture. */
function pose(contours: Contours, draws: Draws): Contours {
  const height = draws.between(...HEIGHT);
  const aspect = draws.between(...ASPECT);
  const turn = draws.between(-ROTATION, ROTATION);
  const shear = draws.between(-SHEAR, SHEAR);
  const [c, s] = [cosine(turn), sine(turn)];
  const wave = draws.between(0, WARP);
  const [u, v, phase] = [draws.between(-1, 1), draws.between(-1, 1), draws.next()];
  const warped = contours.map((points) => {
    const moved = new Float64Array(points.length);
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i] ?? 0, points[i + 1] ?? 0];
      moved[i] = x + wave * sine(u * x + v * y + phase);
      moved[i + 1] = y + wave * sine(v * x - u * y + 2 * phase);
    }
    return moved;
  });
  const turned = transform(warped, [
    height * aspect * c,
    height * aspect * s,
    height * (shear * c - s),
    height * (shear * s + c),
    0,
    0,
  ]);
  const [left, top, right, bottom] = boundsOf(turned);
  const largest = Math.max(right - left, bottom - top);
  const fit = largest > usualSize - 3 ? (usualSize - 3) / largest : 1;
  const placed = (extent: number, at: number): number => {
    const slack = Math.min(5, (usualSize - extent * fit) / 2 + 0.5);
    return usualSize / 2 + slack * (2 * at - 1);
  };
  const x = placed(right - left, draws.next());
  const y = placed(bottom - top, draws.next());
  return centre(transform(turned, [fit, 0, 0, fit, 0, 0]), x, y).contours;
}

/** The outline of the stroke alone, for strokes that are wide enough to have an inside. */
function hollow(posed: Contours, weight: number, width: number, coverage: Float32Array): Float32Array {
  if (width + 2 * weight < 3.6) return coverage;
  const inside = rasterise(offset(posed, weight - 1.25), usualSize);
  return coverage.map((value, at) => Math.max(0, value - (inside[at] ?? 0)));
}

/** A lighter or darker tone of the stroke, so near that it never meets the background. */
function shade(draws: Draws, stroke: Colour): Colour {
  const by = draws.between(-0.4, 0.4);
  return [clamp(stroke[0] + by, 0, 1), clamp(stroke[1] + by, 0, 1), clamp(stroke[2] + by, 0, 1)];
}
