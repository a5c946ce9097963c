/** Numbers and names as people read them. Fractions are shown in percent without the sign; the page says so once. */
import { recipes } from "../training/recipes/index.js";
import type { Metric } from "oal-core";
import type { Interval, SetGroup } from "./input.js";

/** What a group of sets is called. */
export const GROUPS: Readonly<Record<SetGroup | "outlier", string>> = {
  id: "in-distribution",
  "id-validation": "in-distribution, validation",
  near: "near-OOD",
  far: "far-OOD",
  validation: "validation OOD",
  outlier: "synthesised outliers",
};

/** 0.8754 as "87.5"; not a number as a dash. */
export function percent(fraction: number, digits = 1): string {
  return Number.isFinite(fraction) ? (fraction * 100).toFixed(digits) : "–";
}

/** An interval of fractions as "86.9–88.1". */
export function percentInterval(interval: Interval): string {
  return `${percent(interval[0])}–${percent(interval[1])}`;
}

/** A difference of fractions in points with its sign: "+1.2", "−0.4". */
export function points(difference: number, digits = 1): string {
  const text = Math.abs(difference * 100).toFixed(digits);
  return `${Number(text) === 0 ? "±" : difference > 0 ? "+" : "−"}${text}`;
}

/** A p value: three decimals, "< 0.001" below. */
export function probability(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** A duration: "0.4 s", "52 s", "4 min 10 s", "2 h 05 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** A plain number with a true minus and about four significant digits, thousands apart. */
export function plain(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  if (value < 0) return `−${plain(-value)}`;
  if (value >= 1000) return count(Math.round(value));
  return value !== 0 && value < 0.001
    ? value.toExponential(2).replace("-", "−")
    : String(Number(value.toPrecision(4)));
}

/** A number with exactly four significant digits, for values that stand next to each other. */
export function significant(value: number): string {
  return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4
    ? value.toPrecision(4).replace("-", "−")
    : plain(value);
}

/** A whole number with thin spaces between thousands. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** What a model is called in tables and legends: its recipe's label, or its id. */
export function modelTitle(model: string): string {
  return (recipes.has(model) ? recipes.find(model).label : undefined) ?? model;
}

/** Which direction of a metric is better, in a word. */
export function betterWord({ higherIsBetter }: Metric): "higher" | "lower" {
  return higherIsBetter ? "higher" : "lower";
}
