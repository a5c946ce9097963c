/** Histograms of confidences: the ID test set against one OOD set, as shares per bin so that sets of any size compare. */
import * as Plot from "@observablehq/plot";
import type { Markup } from "../markup.js";
import { plain } from "../format.js";
import { chart } from "./figure.js";

/** One bin: its edges and the share of the images in it. */
interface Bin {
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

/**
 * The range that shows both sides: from the 0.5 % quantile of the lower to the 99.5 % quantile of the higher set.
 * Values outside are counted in the outermost bins.
 */
export function scoreRange(...sides: readonly Float32Array[]): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const side of sides) {
    const sorted = Float32Array.from(side.filter((value) => Number.isFinite(value))).sort();
    if (sorted.length === 0) continue;
    low = Math.min(low, sorted[Math.floor(0.005 * (sorted.length - 1))] ?? low);
    high = Math.max(high, sorted[Math.ceil(0.995 * (sorted.length - 1))] ?? high);
  }
  if (!(high > low)) return Number.isFinite(low) ? [low - 0.5, low + 0.5] : [0, 1];
  return [low, high];
}

/** Shares of the values per bin of equal width; values outside the range fall into the end bins, NaN into none. */
export function histogram(values: Float32Array, range: readonly [number, number], bins: number): Bin[] {
  const [low, high] = range;
  const counts = new Float64Array(bins);
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const at = Math.floor(((value - low) / (high - low)) * bins);
    const bin = Math.min(bins - 1, Math.max(0, at));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return Array.from(counts, (n, i) => ({
    from: low + ((high - low) * i) / bins,
    to: low + ((high - low) * (i + 1)) / bins,
    share: values.length === 0 ? 0 : n / values.length,
  }));
}

/** A step outline that starts and ends on the axis. */
function outline(bins: readonly Bin[]): { x: number; y: number }[] {
  return bins.flatMap((bin) => [
    { x: bin.from, y: bin.share },
    { x: bin.to, y: bin.share },
  ]);
}

/**
 * Two overlaid histograms.
 *
 * @param label  for screen readers
 * @param id,ood  confidences of the ID test set and of one OOD set
 * @param color  CSS colour of the OOD set
 * @param threshold  drawn as a dashed line where given
 */
export function histogramChart(
  label: string,
  id: Float32Array,
  ood: Float32Array,
  color: string,
  threshold?: number,
): Markup {
  const range = scoreRange(id, ood);
  const bins = 40;
  const sides = [
    { points: outline(histogram(id, range, bins)), color: "var(--id)" },
    { points: outline(histogram(ood, range, bins)), color },
  ];
  const top = Math.max(...sides.flatMap((side) => side.points.map((point) => point.y)));
  const isInside = threshold !== undefined && threshold >= range[0] && threshold <= range[1];
  return chart(label, {
    width: 300,
    height: 150,
    marginLeft: 10,
    marginRight: 10,
    marginTop: 8,
    marginBottom: 20,
    x: {
      domain: [...range],
      ticks: 4,
      tickSize: 0,
      label: null,
      tickFormat: (value: number) => plain(value),
    },
    y: { domain: [0, top * 1.05], axis: null },
    marks: [
      ...sides.flatMap((side) => [
        Plot.areaY(side.points, { x: "x", y1: 0, y2: "y", fill: side.color, fillOpacity: 0.28 }),
        Plot.lineY(side.points, { x: "x", y: "y", stroke: side.color, strokeWidth: 1.3 }),
      ]),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      ...(isInside ? [Plot.ruleX([threshold], { stroke: "var(--text)", strokeDasharray: "3 3" })] : []),
    ],
  });
}
