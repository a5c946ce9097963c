/** ROC curves in OpenOOD's sense (OOD positive): share of known images rejected against share of unknown images rejected. */
import * as Plot from "@observablehq/plot";
import type { Markup } from "../markup.js";
import { chart } from "./figure.js";

/** A point of a curve, both coordinates shares in [0, 1]. */
export interface RocPoint {
  readonly x: number;
  readonly y: number;
}

/**
 * The curve of one detector: for every threshold the share of ID images below it (x) and of OOD images below it (y).
 * Ties enter together. Thinned to the points that a line of 0.2 % width needs.
 */
export function rocPoints(id: Float32Array, ood: Float32Array): RocPoint[] {
  const known = Float32Array.from(id).sort();
  const unknown = Float32Array.from(ood).sort();
  const points: RocPoint[] = [{ x: 0, y: 0 }];
  let i = 0;
  let j = 0;
  while (i < known.length || j < unknown.length) {
    const value = Math.min(known[i] ?? Infinity, unknown[j] ?? Infinity);
    while (i < known.length && (known[i] ?? 0) <= value) i++;
    while (j < unknown.length && (unknown[j] ?? 0) <= value) j++;
    points.push({ x: i / Math.max(1, known.length), y: j / Math.max(1, unknown.length) });
  }
  return simplify(points, 0.002);
}

/** Douglas and Peucker's line simplification, without recursion. */
export function simplify(points: readonly RocPoint[], tolerance: number): RocPoint[] {
  const keep = new Uint8Array(points.length).fill(0);
  keep[0] = 1;
  keep[points.length - 1] = 1;
  const open: [number, number][] = [[0, points.length - 1]];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const [from, to] = part;
    const a = points[from];
    const b = points[to];
    if (a === undefined || b === undefined) continue;
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    let farthest = -1;
    let distance = tolerance;
    for (let i = from + 1; i < to; i++) {
      const p = points[i] ?? a;
      const offset = Math.abs((b.x - a.x) * (a.y - p.y) - (a.x - p.x) * (b.y - a.y)) / length;
      if (offset > distance) [farthest, distance] = [i, offset];
    }
    if (farthest < 0) continue;
    keep[farthest] = 1;
    open.push([from, farthest], [farthest, to]);
  }
  return points.filter((_, i) => keep[i] === 1);
}

/** One curve of the chart. */
export interface RocCurve {
  readonly points: readonly RocPoint[];
  /** CSS colour. */
  readonly color: string;
  /** SVG dash pattern; none draws a full line. */
  readonly dash?: string | undefined;
}

/** Several curves over the same square, with the diagonal and the 95 % line at which FPR@95 is read. */
export function rocChart(label: string, curves: readonly RocCurve[]): Markup {
  return chart(label, {
    width: 280,
    height: 264,
    marginLeft: 34,
    marginRight: 8,
    marginTop: 8,
    marginBottom: 32,
    x: {
      domain: [0, 100],
      ticks: [0, 50, 100],
      percent: true,
      tickSize: 0,
      label: "known rejected, %",
      labelAnchor: "center",
      labelArrow: "none",
    },
    y: { domain: [0, 100], ticks: [0, 50, 100], percent: true, tickSize: 0, label: null, grid: true },
    marks: [
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: "var(--line-strong)", strokeWidth: 1 },
      ),
      Plot.ruleY([0.95], { stroke: "var(--muted)", strokeDasharray: "2 3", strokeWidth: 1 }),
      ...curves.map((curve) =>
        Plot.line(curve.points, {
          x: "x",
          y: "y",
          stroke: curve.color,
          strokeWidth: 1.8,
          ...(curve.dash === undefined ? {} : { strokeDasharray: curve.dash }),
        }),
      ),
    ],
  });
}
