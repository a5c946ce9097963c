/** Real photos with a real model: the figures of fits with five divisions, and the promise of the calibration over many of them. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decide, defaultDetectors, Random } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelFile, type LoadedModel } from "../models/load.js";
import { testEngine } from "../testing/engine.js";
import { calibrate } from "../evaluation/calibrate.js";
import { makeFit, type FitSettings } from "./fit.js";
import { summarise } from "./summarise.js";
import type { FitResult } from "./result.js";

const shared = new URL("../../../../../shared/", import.meta.url).pathname;
const [photos, unknown, path] = [
  join(shared, "data/user/photos.tar"),
  join(shared, "data/user/photos-unknown.tar"),
  join(shared, "models/mobilenet_v2_1.0_224"),
];
const isThere = [photos, unknown, path].every((each) => existsSync(each));

describe.skipIf(!isThere)(
  "480 photos with MobileNetV2 (skipped without shared/data/user and shared/models)",
  () => {
    const cache = mkdtempSync(join(tmpdir(), "oal-photos-"));
    let model: LoadedModel;
    let settings: FitSettings;
    beforeAll(async () => {
      model = await loadModelFile(path, {
        normalisation: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
        resize: 256,
      });
      settings = {
        engine: testEngine,
        model,
        id: photos,
        unknown,
        known: "folder",
        keep: 0.95,
        perClass: false,
        seed: 0,
        detectors: defaultDetectors,
        cache,
      };
    });
    afterAll(() => rmSync(cache, { recursive: true, force: true }));

    it("are told apart, and from unknown ones, as well as the published figures of such a head", async () => {
      const results: FitResult[] = [];
      for (const seed of [0, 1, 2, 3, 4]) {
        const own = { ...settings, seed };
        const fit = await makeFit(own);
        const files = { model: "m.onnx", report: "report.html" };
        results.push(summarise(fit, own, { name: "m", version: "0", files }).result);
        await fit.heads.release();
      }
      const mean = (of: (result: FitResult) => number | undefined): number =>
        results.reduce((sum, result) => sum + (of(result) ?? Number.NaN), 0) / results.length;
      const auroc = (result: FitResult, id: string): number | undefined =>
        result.detectors.find((each) => each.id === id)?.sets[0]?.metrics.auroc;
      const left = (id: string): number =>
        mean((result) => result.detectors.find((each) => each.id === id)?.leaveClassOut?.mean);
      const msp = mean((result) => auroc(result, "msp"));
      expect(mean(({ accuracy }) => accuracy?.value)).toBeGreaterThan(0.993);
      expect(msp).toBeGreaterThan(0.983);
      expect(mean((result) => auroc(result, result.decides))).toBeGreaterThan(msp - 0.003);
      expect(left("msp")).toBeGreaterThan(0.993 - 0.005);
      expect(left("ebo")).toBeGreaterThan(0.995 - 0.005);
      expect(left("knn")).toBeGreaterThan(0.987 - 0.005);
      expect(results.every(({ unknown: own }) => own?.choosing === 50 && own.measuring === 50)).toBe(true);
    }, 900_000);

    it("are kept as promised, whichever of the held-out ones calibrate, all together and per class", async () => {
      const shares = { calibration: 0.4, test: 0.3 };
      const own = { ...settings, unknown: undefined, shares, detectors: ["msp", "knn"] };
      const fit = await makeFit(own);
      await fit.heads.release();
      const sets = fit.scoring.sets.filter(({ name }) => name === "calibration" || name === "test");
      const predicted = sets.flatMap(({ predictions }) => Array.from(predictions));
      const n = 192;
      for (const detector of ["msp", "knn"]) {
        const scores = sets.flatMap(({ confidence }) => Array.from(confidence[detector] ?? []));
        const trials = 300;
        let [all, byClass] = [0, 0];
        for (let trial = 0; trial < trials; trial++) {
          const order = Array.from(new Random(trial, "held out").permutation(0, scores.length));
          const pick = (values: readonly number[], rows: readonly number[]): number[] =>
            rows.map((row) => values[row] ?? NaN);
          const [calibrating, testing] = [order.slice(0, n), order.slice(n)];
          const { decision } = calibrate(
            detector,
            Float32Array.from(pick(scores, calibrating)),
            Int32Array.from(pick(predicted, calibrating)),
            { keep: 0.95, ask: undefined, perClass: true, classes: 8 },
          );
          const { perClass: _cuts, ...pooled } = decision;
          for (const row of testing) {
            const [score, label] = [scores[row] ?? NaN, predicted[row]];
            all += Number(decide(pooled, score, label).known) / testing.length / trials;
            byClass += Number(decide(decision, score, label).known) / testing.length / trials;
          }
        }
        // ceil(0.95 * 193) of 193 = 95.3 %, and a little more where scores tie
        expect(all).toBeGreaterThan(0.945);
        expect(all).toBeLessThan(0.962);
        expect(byClass).toBeGreaterThan(0.945);
      }
    });
  },
);
