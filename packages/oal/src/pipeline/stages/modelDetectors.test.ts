/** Which detectors a model file holds. */
import {
  detectors,
  makeDecision,
  memoryRows,
  sampledVariant,
  type Decision,
  type FittedDetector,
} from "oal-core";
import { expect, it } from "vitest";
import type { DetectorResult, EvaluationResult } from "../../evaluation/result.js";
import { loadConfiguration } from "../configuration/index.js";
import { listenerLogs } from "../events.js";
import { modelDetectors } from "./modelDetectors.js";

const bare = (id: string): FittedDetector => ({
  detector: detectors.find(id),
  parameters: {},
  fitted: { tensors: {}, bank: null },
});
const knn: FittedDetector = {
  detector: detectors.find("knn"),
  parameters: { neighbours: 2 },
  fitted: { tensors: {}, bank: memoryRows(new Float32Array(400), 4) },
};

function measured(fitted: readonly FittedDetector[]): {
  result: EvaluationResult;
  fitted: readonly FittedDetector[];
} {
  const decisionOf = (detector: string): Decision => makeDecision([1, 2, 3], { detector });
  const of = ({ detector: { id } }: FittedDetector): DetectorResult => ({
    id,
    parameters: {},
    sets: [],
    near: null,
    far: null,
    nullTest: null,
    aurc: { aurc: 0, excess: 0 },
    decision: decisionOf(id),
  });
  const result: EvaluationResult = {
    model: "oal",
    seed: 0,
    idCount: 1,
    idAccuracy: 1,
    calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
    detectors: fitted.map(of),
    bootstrap: { seed: 0, resamples: 0 },
    warnings: [],
  };
  return { result, fitted };
}

function chosen(
  set: readonly string[],
  fitted: readonly FittedDetector[],
  largest?: number,
): { decides: string; holds: string[]; told: string[] } {
  const told: string[] = [];
  const events = listenerLogs(({ kind, text = "" }) => {
    if (kind === "warning") told.push(text);
  }).stage("evaluation");
  const config = loadConfiguration(undefined, { set: ["evaluation.detectors=[msp,mls,ebo,knn]", ...set] });
  const found = modelDetectors({ config, events, variant: "oal" }, measured(fitted), largest);
  const holds = found.detectors.map(({ fitted: { detector }, decision }) => {
    expect(decision.detector).toBe(detector.id);
    return detector.id;
  });
  return { decides: found.decides, holds, told };
}

it("the one that decides, and more where they are asked for", () => {
  const all = [bare("msp"), bare("mls"), bare("ebo"), knn];
  expect(chosen([], all)).toEqual({ decides: "ebo", holds: ["ebo"], told: [] });
  const more = chosen(["evaluation.storedDetectors=[knn,mls]"], all);
  expect(more).toEqual({ decides: "ebo", holds: ["mls", "ebo", "knn"], told: [] });
});

it("the first that could be fitted, where the one that was to decide could not, and says so", () => {
  const { decides, holds, told } = chosen(["evaluation.scoreDetector=knn"], [bare("msp"), bare("mls")]);
  expect([decides, holds]).toEqual(["msp", ["msp"]]);
  expect(told).toEqual(["knn could not be fitted; the model decides with msp"]);
});

it("says which head a student lacks that was to decide", () => {
  const sets = ["evaluation.scoreDetector=rotpred", "methods=[ce, rotpred]"];
  const { decides, told } = chosen(sets, [bare("msp"), bare("ebo")]);
  expect(decides).toBe("msp");
  expect(told).toEqual([
    'rotpred needs the head "turns", which this student does not train; the model decides with msp',
  ]);
});

it("the variant with a sampled bank, where the whole one is too large for a file, and says so", () => {
  const sampled = sampledVariant(knn, { bytes: 800 });
  const all = [bare("msp"), knn, sampled];
  const { decides, holds, told } = chosen(["evaluation.scoreDetector=knn"], all, 1000);
  expect([decides, holds]).toEqual(["knn-sampled", ["knn-sampled"]]);
  expect(told).toEqual(["knn has a bank too large for a file; the model decides with knn-sampled"]);
  const beside = chosen(["evaluation.storedDetectors=[knn]", "evaluation.scoreDetector=msp"], all, 1000);
  expect([beside.decides, beside.holds]).toEqual(["msp", ["msp", "knn-sampled"]]);
});
