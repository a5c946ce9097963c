/** Agreement with the reference values of folder `metrics`, every case by what it holds. */
import { join } from "node:path";
import { expect } from "vitest";
import { OalError } from "../errors/index.js";
import { readScoreArchive } from "../../../oal/src/evaluation/index.js";
import { expectClose, type GoldenCase } from "../../../oal/src/testing/golden.js";
import { goldenSuite, unknownKind } from "../../../oal/src/testing/goldenSuite.js";
import * as metrics from "./index.js";

interface Split {
  conf: number[];
  label: number[];
  pred: number[];
  id: number[];
  ood: number[];
  idCorrect: number[];
}

function numbers(golden: GoldenCase, name: string): number[] {
  return Array.from(golden.tensor(name).data, Number);
}

function rows(golden: GoldenCase, name: string): number[][] {
  const width = golden.entry(name).shape[1] ?? 1;
  const flat = numbers(golden, name);
  return Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
}

function split(golden: GoldenCase): Split {
  const conf = numbers(golden, "conf");
  const label = numbers(golden, "label");
  const pred = numbers(golden, "pred");
  const isId = label.map((value) => value !== -1);
  return {
    conf,
    label,
    pred,
    id: conf.filter((_, i) => isId[i]),
    ood: conf.filter((_, i) => !isId[i]),
    idCorrect: pred.flatMap((value, i) => (isId[i] ? [value === label[i] ? 1 : 0] : [])),
  };
}

/** What our code says about an output name of a score case; undefined for names that it does not have. */
function value(name: string, s: Split): number | undefined {
  const ccr = /^openood\.ccr_at_fpr_(.+)$/.exec(name);
  if (ccr !== null) return metrics.ccrAtFpr(s.id, s.idCorrect, s.ood, Number(ccr[1]));
  const errors = (all: boolean): { aurc: number; excess: number } =>
    all
      ? metrics.aurc([...s.id, ...s.ood], [...s.idCorrect.map((c) => 1 - c), ...s.ood.map(() => 1)])
      : metrics.aurc(
          s.id,
          s.idCorrect.map((c) => 1 - c),
        );
  switch (name) {
    case "openood.fpr95":
      return metrics.fpr95(s.id, s.ood);
    case "openood.auroc":
      return metrics.auroc(s.id, s.ood);
    case "openood.aupr_in":
      return metrics.auprIn(s.id, s.ood);
    case "openood.aupr_out":
      return metrics.auprOut(s.id, s.ood);
    case "openood.accuracy":
      return metrics.accuracy(s.pred, s.label);
    case "openood.fpr_id_positive":
      return metrics.fpr95Id(s.id, s.ood).rate;
    case "openood.threshold_id_positive":
      return metrics.fpr95Id(s.id, s.ood).threshold;
    case "fpr95_no_collinear_drop":
      return fprOfAllPoints(s);
    case "aurc_id":
      return errors(false).aurc;
    case "eaurc_id":
      return errors(false).excess;
    case "aurc_all":
      return errors(true).aurc;
    case "eaurc_all":
      return errors(true).excess;
    case "oscr":
      return metrics.oscr(s.id, s.idCorrect, s.ood);
    default:
      return undefined;
  }
}

/** FPR at 95 % of the outliers, no point of the curve being dropped. */
const fprOfAllPoints = (s: Split): number =>
  metrics.fprAtRecall(metrics.countScores(s.id, s.ood, "fpr95"), "ood", 0.95, false).rate;

/** What pytorch-ood's definition says of the same scores, which it makes float32 first. */
function otherValue(name: string, s: Split): number | undefined {
  const [, metric] = /^pytorch_ood\.(.+)$/.exec(name) ?? [];
  const [id, ood] = [s.id, s.ood].map((scores) => scores.map(Math.fround));
  if (!id || !ood) return undefined;
  switch (metric) {
    case "auroc":
      return metrics.auroc(id, ood);
    case "aupr_in":
      return metrics.auprIn(id, ood);
    case "aupr_out":
      return metrics.auprOut(id, ood);
    case "fpr95tpr":
      return fprOfAllPoints({ ...s, id, ood });
    default:
      return undefined;
  }
}

function checkScores(golden: GoldenCase): void {
  const s = split(golden);
  if (golden.raw["expect"] === "error") {
    expect(() => metrics.detectionMetrics(s.id, s.ood)).toThrow(OalError);
    return;
  }
  for (const entry of golden.results) {
    const got = value(entry.name, s) ?? otherValue(entry.name, s);
    if (got !== undefined) expectClose(got, entry);
  }
  const vector = metrics.detectionMetrics(s.id, s.ood);
  expectClose(vector.fpr95, golden.entry("openood.fpr95"));
  expectClose(vector.fpr95Id, golden.entry("openood.fpr_id_positive"));
}

function checkCalibration(golden: GoldenCase): void {
  const bins = Number(golden.hyper["bins"]);
  const got = metrics.calibrationError(numbers(golden, "conf"), numbers(golden, "correct"), bins);
  expectClose(got.ece, golden.entry("ece15_right_closed"));
  expectClose(got.mce, golden.entry("mce15_right_closed"));
  if (!golden.has("logits")) return;
  const all = metrics.calibration(numbers(golden, "logits"), numbers(golden, "target"), bins);
  expectClose(all.nll, golden.entry("nll"));
  expectClose(all.brier, golden.entry("brier"));
  expectClose(all.ece, golden.entry("ece15_right_closed"));
}

function checkBootstrap(golden: GoldenCase): void {
  const id = rows(golden, "id_conf");
  const ood = rows(golden, "ood_conf");
  const idIndex = rows(golden, "id_index");
  const oodIndex = rows(golden, "ood_index");
  const level = Number(golden.hyper["level"]);
  const names = ["fpr95", "auroc", "auprIn", "auprOut"] as const;
  const samples = metrics.bootstrap(
    id.map((scores, r) => ({ id: scores, ood: [ood[r] ?? []] })),
    { resamples: idIndex.length, id: (b) => idIndex[b] ?? [], ood: (_set, b) => oodIndex[b] ?? [] },
  );
  const table = (f: (r: number, name: (typeof names)[number]) => number): number[] =>
    id.flatMap((_scores, r) => names.map((name) => f(r, name)));
  const interval = (r: number, name: (typeof names)[number]): [number, number] =>
    metrics.percentileInterval(samples.metric(r, 0, name), level);
  const paired = names.map((name) =>
    metrics.pairedDifference(samples.metric(0, 0, name), samples.metric(1, 0, name), level),
  );
  const found: Readonly<Record<string, readonly number[]>> = {
    point: table((r, name) => metrics.detectionMetrics(id[r] ?? [], ood[r] ?? [])[name]),
    ci95_low: table((r, name) => interval(r, name)[0]),
    ci95_high: table((r, name) => interval(r, name)[1]),
    se: table((r, name) => metrics.standardError(samples.metric(r, 0, name))),
    diff_ci95_low: paired.map((d) => d.interval[0]),
    diff_ci95_high: paired.map((d) => d.interval[1]),
    diff_p_two_sided: paired.map((d) => d.p),
  };
  for (const [name, values] of Object.entries(found)) expectClose(values, golden.entry(name));
}

function checkDelong(golden: GoldenCase): void {
  const id = rows(golden, "id_conf");
  const ood = rows(golden, "ood_conf");
  const pairs = id.map((scores, r) => ({ id: scores, ood: ood[r] ?? [] }));
  const result = metrics.delong(pairs);
  expectClose(result.auroc, golden.entry("auc"));
  expectClose(result.covariance.flat(), golden.entry("cov"));
  expectClose(result.interval.flat(), golden.entry("ci95"));
  const [a, b] = pairs;
  if (a === undefined || b === undefined) throw new Error("two detectors expected");
  const test = metrics.delongTest(a, b);
  expectClose(test.z, golden.entry("z"));
  expectClose(test.p, golden.entry("p_two_sided"));
}

function checkSeeds(golden: GoldenCase): void {
  const values = rows(golden, "values");
  const columns = (values[0] ?? []).map((_value, j) =>
    metrics.summarizeSeeds(values.map((row) => row[j] ?? NaN)),
  );
  const of = (pick: (column: (typeof columns)[number]) => number): number[] => columns.map(pick);
  expectClose(
    of((c) => c.mean),
    golden.entry("mean"),
  );
  expectClose(
    of((c) => c.deviation),
    golden.entry("std_ddof0"),
  );
  expectClose(
    of((c) => c.sampleDeviation),
    golden.entry("std_ddof1"),
  );
  expect(columns.map((c) => c.text)).toEqual(golden.raw["text"]);
}

async function checkArchive(golden: GoldenCase): Promise<void> {
  const path = join(golden.folder, String(golden.raw["archive"]));
  const { confidence, labels, predictions } = await readScoreArchive(path);
  expectClose(confidence, golden.entry("conf"));
  expectClose(labels ?? [], golden.entry("label"));
  expectClose(predictions ?? [], golden.entry("pred"));
}

goldenSuite("metrics", {
  check: (golden) => {
    if (golden.raw["archive"] !== undefined) return checkArchive(golden);
    if (golden.has("conf", "input") && golden.has("label", "input")) return checkScores(golden);
    if (golden.has("ece15_right_closed")) return checkCalibration(golden);
    if (golden.has("id_index")) return checkBootstrap(golden);
    if (golden.has("cov")) return checkDelong(golden);
    if (golden.has("std_ddof0")) return checkSeeds(golden);
    return unknownKind(golden);
  },
  leaves: ({ name }) => {
    if (name === "ece15_left_closed_openood_bins") return "for contrast: bins closed on the other side";
    // its library sorts what a sigmoid made equal in an order of its own
    if (name.startsWith("pytorch_ood_sigmoid.")) return "informative";
    return undefined;
  },
});
