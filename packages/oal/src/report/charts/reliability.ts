/** Reliability: what share is right among the images with a given confidence, in the 15 bins of the expected calibration error. */
import * as Plot from "@observablehq/plot";
import type { Markup } from "../markup.js";
import { chart } from "./figure.js";

/** One non-empty bin. */
export interface ReliabilityBin {
  readonly confidence: number;
  readonly accuracy: number;
  readonly count: number;
}

/**
 * Bins of width 1/15, closed on the right; a confidence of 0 falls into the first.
 *
 * @param confidences  largest softmax probability per image
 * @param labels,predictions  true and predicted class per image
 */
export function reliabilityBins(
  confidences: Float32Array,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
): ReliabilityBin[] {
  const sums = Array.from({ length: 15 }, () => ({ confidence: 0, right: 0, count: 0 }));
  confidences.forEach((confidence, i) => {
    const bin = sums[Math.min(14, Math.max(0, Math.ceil(confidence * 15) - 1))];
    if (bin === undefined || Number.isNaN(confidence)) return;
    bin.confidence += confidence;
    bin.right += labels[i] === predictions[i] ? 1 : 0;
    bin.count++;
  });
  return sums
    .filter((bin) => bin.count > 0)
    .map((bin) => ({
      confidence: bin.confidence / bin.count,
      accuracy: bin.right / bin.count,
      count: bin.count,
    }));
}

/** One model's line. */
export interface ReliabilityLine {
  readonly bins: readonly ReliabilityBin[];
  /** CSS colour. */
  readonly color: string;
}

/** Lines of accuracy over confidence; on the diagonal a confidence says the truth. */
export function reliabilityChart(label: string, lines: readonly ReliabilityLine[]): Markup {
  return chart(label, {
    width: 320,
    height: 290,
    marginLeft: 34,
    marginRight: 10,
    marginTop: 10,
    marginBottom: 34,
    x: {
      domain: [0, 100],
      percent: true,
      ticks: [0, 50, 100],
      tickSize: 0,
      label: "confidence, %",
      labelAnchor: "center",
      labelArrow: "none",
    },
    y: { domain: [0, 100], percent: true, ticks: [0, 50, 100], tickSize: 0, label: null, grid: true },
    marks: [
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: "var(--line-strong)", strokeWidth: 1 },
      ),
      ...lines.flatMap((line) => [
        Plot.line(line.bins, { x: "confidence", y: "accuracy", stroke: line.color, strokeWidth: 1.6 }),
        Plot.dot(line.bins, { x: "confidence", y: "accuracy", r: 2.4, fill: line.color }),
      ]),
    ],
  });
}
