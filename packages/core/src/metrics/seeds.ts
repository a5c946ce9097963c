/** Spread over seeds, as OpenOOD prints it. It is not sampling error: brackets elsewhere are bootstrap intervals. */
import { expectArguments, kinds } from "../errors/index.js";

/** Mean and spread of one metric over seeds. */
export interface SeedSummary {
  readonly mean: number;
  /** Standard deviation with ddof 0, OpenOOD's. */
  readonly deviation: number;
  /** Standard deviation with ddof 1; NaN for one seed. */
  readonly sampleDeviation: number;
  /** "mean ± deviation" with two decimals, the deviation with ddof 0. */
  readonly text: string;
}

/**
 * Summary of one metric over seeds.
 *
 * @param values  one value per seed, usually in percent; at least one
 * @source Jingkang50/OpenOOD, `{mean:.2f} ± {std:.2f}` with numpy's default ddof 0
 * @example summarizeSeeds([80, 90]).text   // "85.00 ± 5.00"
 */
export function summarizeSeeds(values: readonly number[]): SeedSummary {
  expectArguments("summarizeSeeds", { values: [values, kinds.numbers] });
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / values.length);
  const sampleDeviation = Math.sqrt(squares / (values.length - 1));
  return { mean, deviation, sampleDeviation, text: `${twoDecimals(mean)} ± ${twoDecimals(deviation)}` };
}

/** Two decimals as Python prints them: an exact half goes to the even digit, where `toFixed` takes the larger. */
export function twoDecimals(x: number): string {
  expectArguments("twoDecimals", { x: [x, kinds.number] });
  const eighths = Math.abs(x) * 8;
  if (!Number.isInteger(eighths) || eighths % 2 === 0) return x.toFixed(2);
  const lower = Math.floor(Math.abs(x) * 100); // exact: the value is an odd number of eighths
  const even = lower % 2 === 0 ? lower : lower + 1;
  return `${x < 0 ? "-" : ""}${(even / 100).toFixed(2)}`;
}
