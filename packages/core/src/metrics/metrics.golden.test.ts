/** Agreement with the reference values of folder `metrics`, every case by what it holds. */
import { describe, expect, it } from "vitest";
import { OalError } from "../errors/index.js";
import { expectClose, loadManifest, type GoldenCase } from "../../../oal/src/testing/golden.js";
import * as metrics from "./index.js";

const manifest = loadManifest("metrics");
const cases = manifest?.cases ?? [];

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

/** What our code says about an output name of a score case; undefined for names that are not about our code. */
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
    case "pytorch_ood.auroc":
      return metrics.auroc(s.id, s.ood);
    case "openood.aupr_in":
    case "pytorch_ood.aupr_in":
      return metrics.auprIn(s.id, s.ood);
    case "openood.aupr_out":
    case "pytorch_ood.aupr_out":
      return metrics.auprOut(s.id, s.ood);
    case "openood.accuracy":
      return metrics.accuracy(s.pred, s.label);
    case "openood.fpr_id_positive":
      return metrics.fpr95Id(s.id, s.ood).rate;
    case "openood.threshold_id_positive":
      return metrics.fpr95Id(s.id, s.ood).threshold;
    case "fpr95_no_collinear_drop":
    case "pytorch_ood.fpr95tpr":
      return metrics.fprAtRecall(metrics.countScores(s.id, s.ood, "fpr95"), "ood", 0.95, false).rate;
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

describe.skipIf(manifest === null)("metrics agree with the reference", () => {
  const scored = cases.filter((golden) => golden.has("conf", "input") && golden.has("label", "input"));
  it.each(scored.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", (_, golden) => {
    const s = split(golden);
    if (golden.raw["expect"] === "error") {
      expect(() => metrics.detectionMetrics(s.id, s.ood)).toThrow(OalError);
      return;
    }
    let float32 = true; // pytorch-ood casts to float32; only scores that are float32 already compare
    for (const c of s.conf) if (Math.fround(c) !== c) float32 = false;
    let checked = 0;
    for (const entry of golden.tensors) {
      if (entry.role === "input" || (entry.name.startsWith("pytorch_ood") && !float32)) continue;
      const got = value(entry.name, s);
      if (got === undefined) continue;
      expectClose(got, entry);
      checked++;
    }
    expect(checked).toBeGreaterThan(5);
    const vector = metrics.detectionMetrics(s.id, s.ood);
    expectClose(vector.fpr95, golden.entry("openood.fpr95"));
    expectClose(vector.fpr95Id, golden.entry("openood.fpr_id_positive"));
  });

  const calibrated = cases.filter((golden) => golden.has("ece15_right_closed"));
  it.each(calibrated.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", (_, golden) => {
    const bins = Number(golden.hyper["bins"]);
    const got = metrics.calibrationError(numbers(golden, "conf"), numbers(golden, "correct"), bins);
    expectClose(got.ece, golden.entry("ece15_right_closed"));
    expectClose(got.mce, golden.entry("mce15_right_closed"));
    if (!golden.has("logits")) return;
    const all = metrics.calibration(numbers(golden, "logits"), numbers(golden, "target"), bins);
    expectClose(all.nll, golden.entry("nll"));
    expectClose(all.brier, golden.entry("brier"));
    expectClose(all.ece, golden.entry("ece15_right_closed"));
  });

  const resampled = cases.filter((golden) => golden.has("id_index"));
  it.each(resampled.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", (_, golden) => {
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
    expectClose(
      table((r, name) => metrics.detectionMetrics(id[r] ?? [], ood[r] ?? [])[name]),
      golden.entry("point"),
    );
    expectClose(
      table((r, name) => interval(r, name)[0]),
      golden.entry("ci95_low"),
    );
    expectClose(
      table((r, name) => interval(r, name)[1]),
      golden.entry("ci95_high"),
    );
    expectClose(
      table((r, name) => metrics.standardError(samples.metric(r, 0, name))),
      golden.entry("se"),
    );
    const paired = names.map((name) =>
      metrics.pairedDifference(samples.metric(0, 0, name), samples.metric(1, 0, name), level),
    );
    expectClose(
      paired.map((d) => d.interval[0]),
      golden.entry("diff_ci95_low"),
    );
    expectClose(
      paired.map((d) => d.interval[1]),
      golden.entry("diff_ci95_high"),
    );
    expectClose(
      paired.map((d) => d.p),
      golden.entry("diff_p_two_sided"),
    );
  });

  const compared = cases.filter((golden) => golden.has("cov"));
  it.each(compared.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", (_, golden) => {
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
  });

  const seeded = cases.filter((golden) => golden.has("std_ddof0"));
  it.each(seeded.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", (_, golden) => {
    const values = rows(golden, "values");
    const columns = (values[0] ?? []).map((_value, j) =>
      metrics.summarizeSeeds(values.map((row) => row[j] ?? NaN)),
    );
    expectClose(
      columns.map((c) => c.mean),
      golden.entry("mean"),
    );
    expectClose(
      columns.map((c) => c.deviation),
      golden.entry("std_ddof0"),
    );
    expectClose(
      columns.map((c) => c.sampleDeviation),
      golden.entry("std_ddof1"),
    );
    expect(columns.map((c) => c.text)).toEqual(golden.raw["text"]);
  });
});
