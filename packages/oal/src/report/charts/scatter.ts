/** The two-dimensional map: one dot per image, without axes, because the layout's directions and units mean nothing. */
import * as Plot from "@observablehq/plot";
import type { Markup } from "../markup.js";
import { extentOf } from "./extent.js";
import { chart } from "./figure.js";

/** One layer of the map, drawn in order. */
export interface ScatterLayer {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** CSS colour. */
  readonly color: string;
  readonly symbol: "circle" | "times";
  readonly opacity: number;
}

/** Draws the layers over each other in one frame with equal scales. */
export function scatterChart(label: string, layers: readonly ScatterLayer[]): Markup {
  const all = layers.flatMap((layer) => layer.points);
  const center = (key: "x" | "y"): number => {
    const [low, high] = extentOf(all.map((point) => point[key]));
    return (low + high) / 2;
  };
  const [x, y] = [center("x"), center("y")];
  const reach =
    1.04 * all.reduce((most, point) => Math.max(most, Math.abs(point.x - x), Math.abs(point.y - y)), 1e-6);
  return chart(label, {
    width: 520,
    height: 520,
    margin: 4,
    x: { domain: [x - reach, x + reach], axis: null },
    y: { domain: [y - reach, y + reach], axis: null },
    marks: layers.map((layer) =>
      layer.symbol === "times"
        ? Plot.dot(layer.points, {
            x: "x",
            y: "y",
            symbol: "times",
            r: 2.6,
            stroke: layer.color,
            strokeWidth: 1.2,
            strokeOpacity: layer.opacity,
          })
        : Plot.dot(layer.points, { x: "x", y: "y", r: 2.1, fill: layer.color, fillOpacity: layer.opacity }),
    ),
  });
}
