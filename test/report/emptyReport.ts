/** A report of a run in which nothing happened, for tests of its sections. */
import type { ReportInput } from "../../packages/oal/src/report/input.js";

/** Every part empty, but for those given. */
export function emptyReport(more: Partial<ReportInput> = {}): ReportInput {
  return {
    title: "",
    configuration: {},
    environment: { versions: {}, hardware: {}, seconds: {} },
    classNames: [],
    results: [],
    overSeeds: [],
    comparisons: [],
    scores: [],
    curves: [],
    samples: [],
    features: [],
    mistakes: [],
    leftOut: [],
    choices: [],
    thresholds: [],
    audit: [],
    ...more,
  };
}
