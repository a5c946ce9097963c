/** A round in which a point cannot be trained or measured: the others are, all the same. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oalError } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import type { DetectorResult, EvaluationResult } from "../../evaluation/result.js";
import { resultJson } from "../../evaluation/tables.js";
import { testEngine } from "../../testing/engine.js";
import type { Artifact } from "../artifact.js";
import { loadConfiguration } from "../configuration/index.js";
import { listenerLogs, type RunEvent } from "../events.js";
import { planRun } from "../plan/planner.js";
import { oneSeed, type Stage } from "../plan/stage.js";
import type { StageWorkshop } from "../plan/walk.js";
import { evaluationFiles } from "../stages/evaluationArtifact.js";
import { ArtifactStore } from "../store/artifactStore.js";
import { versions } from "../versions.js";
import type { Candidate } from "./candidates.js";
import type { Rung } from "./rung.js";
import { trainRound } from "./train.js";
import { testManifest } from "../../testing/manifest.js";

const root = mkdtempSync(join(tmpdir(), "oal-train-round-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const set = memoryImageSet("train", new Uint8Array(12), Int32Array.of(0), ["only"], ["a"]);
const stored = { set, folder: root };
const artifact: Artifact = {
  key: "",
  folder: root,
  manifest: testManifest(versions(), {}),
};
const config = { ...loadConfiguration("embedded"), methods: ["oal"] };
const settings = oneSeed({
  config,
  models: {},
  data: {
    pictures: { resize: 32, crop: 32, interpolation: "bilinear" },
    train: stored,
    validation: stored,
    test: stored,
    ood: [],
    classNames: ["only"],
    normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
    orientation: "ignore",
    leftOut: [],
    artifact,
  },
});

function resultOf(auroc: number, id = "ebo"): EvaluationResult {
  const summary = { metrics: { auroc, auprIn: 0, auprOut: 0, fpr95: 0, fpr95Id: 0 }, interval: null };
  const detector: DetectorResult = {
    id,
    parameters: {},
    sets: [],
    near: summary,
    far: summary,
    nullTest: null,
    aurc: { aurc: 0, excess: 0 },
    decision: null,
  };
  return {
    model: "oal",
    seed: 0,
    idCount: 10,
    idAccuracy: 0.5,
    calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
    detectors: [detector],
    bootstrap: { seed: 0, resamples: 0 },
    warnings: [],
  };
}

const failedAudit = () =>
  oalError("OAL-D181", { source: "mix", recipe: "oal", fault: "it looks known", sheet: "sheet.png" });
const diverged = () => oalError("OAL-T101", { stage: "student oal", step: 3, term: "ce", value: Number.NaN });
const noneKept = () =>
  oalError("OAL-D182", { source: "noise", low: 0, high: 0.5, candidates: 9, least: 0.6, most: 1 });

/** What happens at a point: what its audit or student fails with, or a detector that it is measured by in the place of `ebo`. */
interface Happening {
  readonly audit?: () => Error;
  readonly student?: () => Error;
  readonly detector?: string;
}

/** A point per entry. */
function roundOf(points: Readonly<Record<string, Happening>>): Rung {
  const names = Object.keys(points);
  const stage = (
    id: string,
    reads: string | null,
    run: (name: string, folder: string) => Promise<void>,
  ): Stage => ({
    id,
    version: 1,
    title: id,
    variants: () => names,
    slice: () => ({}),
    inputs: (_config, name) => (reads === null ? {} : { [reads]: `${reads}:${name}` }),
    run: ({ variant, folder }) => run(variant, folder),
  });
  const made = (role: "audit" | "student") => (name: string) => {
    const error = points[name]?.[role];
    return error ? Promise.reject(error()) : Promise.resolve();
  };
  const stages = [
    stage("audit", null, made("audit")),
    stage("student", "audit", made("student")),
    stage("validation", "student", (name, folder) => {
      writeFileSync(
        join(folder, evaluationFiles.validation),
        resultJson([resultOf(names.indexOf(name) / 10, points[name]?.detector)]),
      );
      return Promise.resolve();
    }),
  ];
  const candidates = names.map((name, i): Candidate => ({
    number: i + 1,
    name,
    values: { "exposure.outliers": name },
    config,
  }));
  return {
    plan: planRun(stages, settings, ["validation"]),
    trials: candidates.map((candidate) => ({
      candidate,
      seed: 0,
      name: `validation:${candidate.name ?? ""}`,
    })),
  };
}

function train(name: string, rung: Rung, heard: RunEvent[] = []) {
  const workshop: StageWorkshop = {
    store: new ArtifactStore(join(root, name)),
    events: listenerLogs((event) => heard.push(event)),
    versions: versions(),
    engine: () => Promise.resolve(testEngine),
    signal: new AbortController().signal,
  };
  return trainRound(
    rung,
    rung.trials.map(({ candidate }) => candidate),
    ["ebo"],
    workshop,
    "search",
  );
}

describe("a round", () => {
  it("leaves out points whose source fails its audit, or has nothing left, and says why", async () => {
    const heard: RunEvent[] = [];
    const points = { mix: { student: failedAudit }, rotate: {}, noise: { audit: noneKept }, phase: {} };
    const { candidates, refused } = await train("some", roundOf(points), heard);
    expect(candidates.map(({ number, minusFirst }) => [number, minusFirst.near.mean.toFixed(2)])).toEqual([
      [2, "0.00"],
      [4, "0.20"],
    ]);
    expect(refused).toEqual([
      {
        number: 1,
        name: "mix",
        values: { "exposure.outliers": "mix" },
        method: "oal",
        code: "OAL-D181",
        reason: failedAudit().message,
      },
      expect.objectContaining({ number: 3, code: "OAL-D182", reason: noneKept().message }),
    ]);
    const told = heard.filter(({ kind, stage }) => kind === "warning" && stage === "search");
    expect(told.map(({ text }) => text)).toHaveLength(2);
    // nobody waits for students that are not trained
    expect(heard.findLast(({ kind, stage }) => kind === "progress" && stage === "search")).toMatchObject({
      step: 2,
      total: 2,
    });
  });

  it("leaves out points that diverge, or that the detector cannot judge, and says why", async () => {
    const points = { fast: { student: diverged }, slow: {}, other: { detector: "knn" }, slower: {} };
    const { candidates, refused } = await train("diverged", roundOf(points));
    expect(candidates.map(({ number }) => number)).toEqual([2, 4]);
    expect(refused).toEqual([
      expect.objectContaining({ number: 1, code: "OAL-T101", reason: diverged().message }),
      expect.objectContaining({ number: 3, code: "OAL-E277" }),
    ]);
    const nobody = { fast: { student: diverged }, other: { detector: "knn" } };
    await expect(train("nobody", roundOf(nobody))).rejects.toMatchObject({ code: "OAL-T101" });
    await expect(train("judge", roundOf({ other: { detector: "knn" } }))).rejects.toMatchObject({
      code: "OAL-E277",
    });
  });

  it("expects no time of students that the store has", async () => {
    await train("found", roundOf({ rotate: {}, phase: {} }));
    const heard: RunEvent[] = [];
    await train("found", roundOf({ noise: {}, rotate: {}, phase: {} }), heard);
    expect(heard.filter(({ text }) => text?.includes("left"))).toEqual([]);
  });

  it("ends with the error where no point is left, and with any other error at once", async () => {
    await expect(train("none", roundOf({ mix: { student: failedAudit } }))).rejects.toMatchObject({
      code: "OAL-D181",
    });
    const broken = { mix: { student: () => new Error("the engine broke") }, rotate: {} };
    await expect(train("broken", roundOf(broken))).rejects.toThrow("the engine broke");
  });
});
