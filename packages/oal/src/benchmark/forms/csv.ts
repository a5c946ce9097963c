/** All of a benchmark's numbers as CSV. */
import { stringify } from "csv-stringify/sync";
import { metrics } from "oal-core";
import type { BenchmarkResult } from "../result.js";

/** Every number of the result as CSV: a line per model, detector, place and metric, fractions in full precision. */
export function benchmarkCsv({ rows }: BenchmarkResult): string {
  return stringify([
    ["model", "detector", "place", "group", "metric", "mean", "deviation", "low", "high", "values"],
    ...rows.flatMap(({ model, detector, places }) =>
      places.flatMap(({ on, group, metrics: figures }) =>
        metrics.all.flatMap(({ id }) => {
          const figure = figures[id];
          if (!figure) return [];
          const [low, high] = figure.interval ?? ["", ""];
          return [
            [
              model,
              detector,
              on,
              group,
              id,
              figure.mean,
              figure.deviation,
              low,
              high,
              figure.values.join(" "),
            ],
          ];
        }),
      ),
    ),
  ]);
}
