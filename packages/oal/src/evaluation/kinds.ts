/** Results, differences and scores as arguments: what tables and comparisons read of them. */
import { kind, kinds, metrics, type Kind } from "oal-core";

const anInterval = kind(
  "two numbers",
  (value) => Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === "number"),
);

/** A record with something for every registered metric that it has; results of before a metric was added lack it. */
const perMetric = (value: Kind): Kind => ({
  words: "an object by metric",
  fault: (given, argument) =>
    kinds
      .fields(Object.fromEntries(metrics.ids.map((id) => [id, kinds.optional(value)])))
      .fault(given, argument),
});
const aMetricName: Kind = {
  words: "the id of a metric",
  fault: (given, argument) => kinds.oneOf(metrics.ids).fault(given, argument),
};
const summary = {
  metrics: perMetric(kinds.number),
  interval: kinds.nullable(perMetric(anInterval)),
};
const aSet = kinds.fields({ name: kinds.text, group: kinds.text, count: kinds.number, ...summary });

/** The results of an evaluation. */
export const aResultList = kinds.listOf(
  kinds.fields({
    model: kinds.text,
    seed: kinds.number,
    idCount: kinds.number,
    idAccuracy: kinds.number,
    calibration: kinds.fields({
      ece: kinds.number,
      mce: kinds.number,
      brier: kinds.number,
      nll: kinds.number,
    }),
    detectors: kinds.listOf(
      kinds.fields({
        id: kinds.text,
        sets: kinds.listOf(aSet),
        near: kinds.nullable(kinds.fields(summary)),
        far: kinds.nullable(kinds.fields(summary)),
      }),
    ),
  }),
);

const metricNames = kinds.optional(kinds.listOf(aMetricName));

/** Options of a table. */
export const tableOptions = kinds.fields({
  metrics: metricNames,
  places: kinds.optional(kinds.listOf(kinds.text)),
});

/** Paired differences. */
export const aDifferenceList = kinds.listOf(
  kinds.fields({
    first: kinds.text,
    second: kinds.text,
    detector: kinds.text,
    on: kinds.text,
    metric: aMetricName,
    difference: kinds.number,
    interval: anInterval,
    p: kinds.number,
    adjustedP: kinds.number,
  }),
);

/** Scores of one model on all sets. */
export const modelScores = kinds.fields({
  model: kinds.text,
  seed: kinds.number,
  detectors: kinds.listOf(kinds.text),
  sets: kinds.listOf(
    kinds.fields({
      name: kinds.text,
      group: kinds.oneOf(["train", "validation", "test", "near", "far"]),
      ids: kinds.listOf(kinds.text),
      confidence: kinds.record,
    }),
  ),
});

/** Options of a comparison. */
export const compareOptions = kinds.fields({
  resamples: kinds.optional(kinds.count),
  seed: kinds.optional(kinds.finite),
  metrics: metricNames,
  perSet: kinds.optional(kinds.boolean),
  images: kinds.optional(kinds.listOf(kinds.text)),
});
