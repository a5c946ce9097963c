/** Training curves: one small chart per loss term, the raw values faint and their running mean strong. */
import * as Plot from "@observablehq/plot";
import type { Markup } from "../markup.js";
import { plain } from "../format.js";
import { extentOf } from "./extent.js";
import { chart, figure } from "./figure.js";

/** One value of a loss term. */
export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

/**
 * At most `2 · buckets` points that keep the shape: of every bucket of steps the lowest and the highest value, in order.
 * Values that are not finite are left out.
 */
export function thin(points: readonly CurvePoint[], buckets: number): CurvePoint[] {
  const finite = points.filter((point) => Number.isFinite(point.value));
  if (finite.length <= 2 * buckets) return finite;
  const kept: CurvePoint[] = [];
  for (let b = 0; b < buckets; b++) {
    const part = finite.slice(
      Math.floor((b * finite.length) / buckets),
      Math.floor(((b + 1) * finite.length) / buckets),
    );
    const [first] = part;
    if (first === undefined) continue;
    const low = part.reduce((best, point) => (point.value < best.value ? point : best), first);
    const high = part.reduce((best, point) => (point.value > best.value ? point : best), first);
    if (low === high) kept.push(low);
    else kept.push(...(low.step < high.step ? [low, high] : [high, low]));
  }
  return kept;
}

/**
 * Running mean over a window of a twentieth of the curve around each point, cut at the ends.
 * A curve without noise, such as a learning rate, is returned as it is.
 */
export function smooth(points: readonly CurvePoint[]): CurvePoint[] {
  const values = points.map((point) => point.value);
  let first = 0;
  let second = 0;
  for (let i = 2; i < values.length; i++) {
    const step = (values[i] ?? 0) - (values[i - 1] ?? 0);
    first += Math.abs(step);
    second += Math.abs(step - ((values[i - 1] ?? 0) - (values[i - 2] ?? 0)));
  }
  if (second < 0.5 * first) return [...points];
  const half = Math.floor(points.length / 40);
  const sums = [0];
  for (const value of values) sums.push((sums.at(-1) ?? 0) + value);
  return points.map((point, i) => {
    const from = Math.max(0, i - half);
    const to = Math.min(points.length, i + half + 1);
    return { step: point.step, value: ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from) };
  });
}

/** A logarithmic axis serves positive terms that fall by more than a factor of fifty. */
function isLogarithmic(points: readonly CurvePoint[]): boolean {
  const [least, most] = extentOf(points.map((point) => point.value));
  return least > 0 && most / least > 50;
}

/** Powers of ten inside the range, with halves and fifths where that gives fewer than two; undefined for a linear axis. */
function logarithmicTicks(points: readonly CurvePoint[]): number[] | undefined {
  if (!isLogarithmic(points)) return undefined;
  const [low, high] = extentOf(points.map((point) => point.value));
  const powers: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) powers.push(10 ** power);
  const within = (ticks: readonly number[]): number[] => ticks.filter((tick) => tick >= low && tick <= high);
  const whole = within(powers);
  return whole.length >= 2 ? whole : within(powers.flatMap((power) => [power, 2 * power, 5 * power]));
}

/**
 * The chart of one loss term over its steps.
 *
 * @param run  name of the training run, for the label
 * @param term  name of the term
 * @param points  its values in order of step
 */
export function curveChart(run: string, term: string, points: readonly CurvePoint[]): Markup {
  const finite = points.filter((point) => Number.isFinite(point.value));
  const last = finite.at(-1);
  const mean = smooth(finite);
  const end = mean.at(-1);
  const title = term
    .replace(/[._]/g, " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  const label = `${run}: ${term} over ${points.length} logged steps, from ${plain(finite[0]?.value ?? NaN)} to ${plain(end?.value ?? NaN)}`;
  const picture = chart(label, {
    width: 260,
    height: 140,
    marginLeft: 42,
    marginRight: 10,
    marginTop: 10,
    marginBottom: 22,
    x: { ticks: 3, tickSize: 0, label: null, tickFormat: "~s" },
    y: {
      ticks: logarithmicTicks(finite) ?? 3,
      tickSize: 0,
      label: null,
      grid: true,
      tickFormat: "~g",
      type: isLogarithmic(finite) ? "log" : "linear",
      nice: !isLogarithmic(finite),
    },
    marks: [
      Plot.lineY(thin(finite, 120), {
        x: "step",
        y: "value",
        stroke: "var(--accent)",
        strokeWidth: 1,
        strokeOpacity: 0.28,
      }),
      Plot.lineY(thin(mean, 60), { x: "step", y: "value", stroke: "var(--accent)", strokeWidth: 1.6 }),
      ...(end === undefined
        ? []
        : [Plot.dot([end], { x: "step", y: "value", r: 2.2, fill: "var(--accent)" })]),
    ],
  });
  return figure(
    title,
    picture,
    last === undefined ? "no finite value" : plain(Number((end?.value ?? NaN).toPrecision(3))),
  );
}
