/** Lines of some width as polygons: what signs and drawings are made of. */
import { cosine, sine } from "./draws.js";
import type { Contours } from "./outlines.js";

/** Corners of each rounded end. */
const capCorners = 5;

/**
 * A line of some width with round ends, as a polygon of positive area (`signedArea`). Its sides have a corner in the middle, so that
 * `offset` moves them straight out.
 *
 * @param from [x, y]
 * @param to [x, y], another point
 */
function capsule(
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  width: number,
): Float64Array {
  const length = Math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0));
  const [ux, uy] = [((x1 - x0) / length) * (width / 2), ((y1 - y0) / length) * (width / 2)];
  const points: number[] = [];
  const cap = (x: number, y: number, ahead: number): void => {
    for (let i = 0; i < capCorners; i++) {
      const turn = i / (capCorners - 1) / 2 - 0.25;
      const [c, s] = [ahead * cosine(turn), ahead * sine(turn)];
      points.push(x + c * ux - s * uy, y + c * uy + s * ux);
    }
  };
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
  cap(x1, y1, 1);
  points.push(mx - uy, my + ux);
  cap(x0, y0, -1);
  points.push(mx + uy, my - ux);
  return Float64Array.from(points);
}

/**
 * A line through points, as the capsules of its pieces; where they overlap, `rasterise` counts once.
 *
 * @param points at least two, no two in a row the same
 * @param width in units of the points
 */
export function strokeThrough(points: readonly (readonly [number, number])[], width: number): Contours {
  return points.slice(1).map((to, i) => capsule(points[i] ?? to, to, width));
}
