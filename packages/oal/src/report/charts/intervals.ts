/** Values with their intervals on one line per row: the overview, paired differences and the null test. */
import * as Plot from "@observablehq/plot";
import type { Markup } from "../markup.js";
import type { Interval } from "../input.js";
import { chart, labelRoom } from "./figure.js";

/** One value of a row; several may stand in one row, shifted apart. */
export interface IntervalMark {
  readonly row: string;
  readonly value: number;
  readonly interval: Interval;
  /** CSS colour. */
  readonly color: string;
  /** Place within the row, from 0; marks of the same place in different rows line up. */
  readonly lane: number;
  /** Read by the browser as a tooltip. */
  readonly title: string;
}

/** How the chart is drawn. */
export interface IntervalChartOptions {
  readonly label: string;
  /** Rows from top to bottom. */
  readonly rows: readonly string[];
  /** Number of lanes per row. */
  readonly lanes: number;
  /** Axis title. */
  readonly axis: string;
  /** A line at this value: zero for differences, 0.5 for the null test. */
  readonly reference?: number | undefined;
  /** What values can be, as fractions: no part of the axis lies beyond. The axis is in percent or points. Default: anything. */
  readonly limits?: readonly [number, number];
}

const LANE = 11;
const GAP = 12;

/** A forest plot: rows of dots with horizontal interval bars. */
export function intervalChart(marks: readonly IntervalMark[], options: IntervalChartOptions): Markup {
  const rowHeight = options.lanes * LANE + GAP;
  const margin = { top: 8, bottom: 36 };
  const at = new Map(options.rows.map((row, i) => [row, i]));
  const placed = marks.map((mark) => ({
    ...mark,
    percent: mark.value * 100,
    low: mark.interval[0] * 100,
    high: mark.interval[1] * 100,
    y: (at.get(mark.row) ?? 0) * rowHeight + GAP / 2 + (mark.lane + 0.5) * LANE,
  }));
  const height = Math.max(1, options.rows.length) * rowHeight;
  const reference = options.reference === undefined ? [] : [options.reference * 100];
  const values = placed.flatMap((mark) => [mark.low, mark.high, mark.percent]).concat(reference);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = Math.max(0.25, (high - low) * 0.06);
  const [least, most] = options.limits ?? [-Infinity, Infinity];
  return chart(options.label, {
    width: 360,
    height: height + margin.top + margin.bottom,
    marginLeft: labelRoom(options.rows, 40, 120),
    marginRight: 14,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    x: {
      domain: [Math.max(100 * least, low - room), Math.min(100 * most, high + room)],
      ticks: 5,
      tickSize: 0,
      grid: true,
      label: options.axis,
      labelAnchor: "center",
      labelArrow: "none",
    },
    y: { domain: [0, height], axis: null, range: [margin.top, margin.top + height] },
    marks: [
      Plot.ruleY(
        options.rows.slice(1).map((_, i) => (i + 1) * rowHeight),
        { stroke: "var(--line)" },
      ),
      Plot.text(
        options.rows.map((text, i) => ({ text, y: (i + 0.5) * rowHeight })),
        {
          y: "y",
          text: "text",
          frameAnchor: "left",
          textAnchor: "end",
          dx: -10,
        },
      ),
      ...(reference.length === 0 ? [] : [Plot.ruleX(reference, { stroke: "var(--text)", strokeWidth: 1 })]),
      Plot.link(placed, {
        x1: "low",
        x2: "high",
        y1: "y",
        y2: "y",
        stroke: "color",
        strokeWidth: 2.4,
        strokeOpacity: 0.45,
      }),
      Plot.dot(placed, { x: "percent", y: "y", r: 3.4, fill: "color", title: "title" }),
    ],
    color: { type: "identity" },
  });
}
