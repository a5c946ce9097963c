/** Whether a combination decides: only where it is better than the detector that was chosen by more than chance. */
import { auroc, combinationId, detectors, Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { chooseAgain, type DetectorChoice, type Trial } from "./choose.js";
import { decidedBy, withCombination } from "./combine.js";

const random = new Random(3, "fit combination");

/** Scores of a detector: unknown ones lie `below` the known ones, every second one where `half`. */
interface Skill {
  readonly below: number;
  readonly half?: "first" | "second";
}

function trialOf(step: number, skills: Readonly<Record<string, Skill>>): Trial {
  const [known, unknown, values]: [
    Record<string, Float32Array>,
    Record<string, Float32Array>,
    Record<string, number>,
  ] = [{}, {}, {}];
  Object.entries(skills).forEach(([id, { below, half }], k) => {
    known[id] = random.normals(100 * step + 2 * k, 80);
    unknown[id] = random
      .normals(100 * step + 2 * k + 1, 40)
      .map((z, i) => z - (half === undefined || (half === "first") === i < 20 ? below : 0));
    values[id] = auroc(known[id] ?? [], unknown[id] ?? []);
  });
  return { kind: "class", known, unknown, auroc: values };
}

const choiceOf = (detector: string, trials: readonly Trial[]): DetectorChoice => ({
  detector,
  candidates: Object.keys(trials[0]?.auroc ?? {}).map((id) => ({
    detector: id,
    leaveClassOut: 0,
    unknown: null,
    score: 0,
    uncertainty: 0,
  })),
  sentence: `${detector} decides: the best.`,
  trials,
});
const stepsOf = (...ids: readonly string[]) => ({ steps: ids.map((detector) => ({ detector, auroc: 0.9 })) });
const five = [0, 1, 2, 3, 4];

describe("a combination", () => {
  it("decides where its members see different unknowns", () => {
    const trials = five.map((t) =>
      trialOf(t, { msp: { below: 4, half: "first" }, knn: { below: 4, half: "second" } }),
    );
    const found = decidedBy(choiceOf("msp", trials), stepsOf("msp", "knn"), 0.95);
    expect(found.detector).toBe(combinationId);
    expect(found.sentence).toMatch(
      /^The combination decides: over the same trials its AUROC is \d+\.\d\d points above that of msp \(chance: \d\.\d\d points\), and at a cut that keeps 95 % .* it accepts .* msp .* %\. combination: the mean rank of/,
    );
  });

  it("is measured only where its gain is one of chance", () => {
    const trials = five.map((t) => trialOf(10 + t, { msp: { below: 2 }, knn: { below: 0.2 } }));
    const found = decidedBy(choiceOf("msp", trials), stepsOf("msp", "knn"), 0.95);
    expect(found.detector).toBe("msp");
    expect(found.sentence).toMatch(/^msp decides: the best\. The combination is measured only: /);
  });

  it("does not decide by one trial, nor by a gain that lets more unknown pictures in, nor alone", () => {
    const apart = { msp: { below: 4, half: "first" }, knn: { below: 4, half: "second" } } as const;
    const one = [trialOf(20, apart)];
    const single = decidedBy(choiceOf("msp", one), stepsOf("msp", "knn"), 0.95);
    expect([single.detector, single.sentence]).toEqual([
      "msp",
      expect.stringContaining("one trial says nothing"),
    ]);
    // half of the unknown pictures lie just below the cut of the one, and far above that of both together
    const trials = five.map((t): Trial => {
      const known = { msp: random.uniforms(3000 + 2 * t, 200), knn: random.uniforms(3001 + 2 * t, 200) };
      const mixed = (low: number, high: number): Float32Array =>
        Float32Array.from({ length: 40 }, (_, i) => (i < 20 ? low : high));
      const unknown = { msp: mixed(0.02, 0.9), knn: mixed(0.9, 0.01) };
      const values = { msp: auroc(known.msp, unknown.msp), knn: auroc(known.knn, unknown.knn) };
      return { kind: "class", known, unknown, auroc: values };
    });
    const wide = decidedBy(choiceOf("msp", trials), stepsOf("msp", "knn"), 0.95);
    expect(wide.detector).toBe("msp");
    expect(wide.sentence).toMatch(
      /points above that of msp .* it accepts 100 % of the unknown ones, msp 50 %/,
    );
    const choice = choiceOf("msp", trials);
    expect(decidedBy(choice, stepsOf("knn"), 0.95)).toBe(choice);
  });

  it("has no figure for a class that a member could not score, and one for the others", async () => {
    const trials = five.map((t) =>
      trialOf(40 + t, { msp: { below: 4, half: "first" }, mls: { below: 4, half: "second" } }),
    );
    const [first, second] = trials;
    if (!first || !second) throw new Error("no trials");
    const side = ({ known, unknown }: Trial, ids: readonly string[]) =>
      Object.fromEntries(
        ids.map((id) => [
          id,
          { known: known[id] ?? new Float32Array(), unknown: unknown[id] ?? new Float32Array() },
        ]),
      );
    const left = (index: number, trial: Trial, ids: readonly string[]) => ({
      index,
      known: 80,
      unknown: 40,
      scores: side(trial, ids),
      auroc: trial.auroc,
    });
    const fitted = ["msp", "mls"].map((id) => ({
      detector: detectors.find(id),
      parameters: {},
      fitted: { tensors: {}, bank: null },
    }));
    const { leftOut, scoring } = await withCombination(
      testEngine,
      {
        choice: choiceOf("msp", trials),
        scoring: {
          fitted,
          warnings: [],
          sets: [
            {
              name: "test",
              confidence: first.known,
              predictions: new Int32Array(80),
              logits: new Float32Array(80),
            },
          ],
        },
        leftOut: [left(0, first, ["msp"]), left(1, second, ["msp", "mls"])],
      },
      0.95,
    );
    expect(scoring.fitted.at(-1)?.detector.id).toBe(combinationId);
    expect(leftOut.map(({ auroc: own }) => own[combinationId] !== undefined)).toEqual([false, true]);
    expect(leftOut[1]?.scores[combinationId]?.known).toHaveLength(80);
  });
});

describe("a choice that cannot be used with the whole training part", () => {
  const grounds = { classes: [0, 1, 2], unknown: [] };
  const trials = five.map((t) =>
    trialOf(50 + t, { msp: { below: 1 }, knn: { below: 3 }, ebo: { below: 0 } }),
  );
  const choice = choiceOf("knn", trials);

  it("is made again among those that can, and told", () => {
    const again = chooseAgain(choice, ["ebo", "msp"], grounds);
    expect(again.detector).toBe("msp");
    expect(again.candidates.map(({ detector }) => detector)).toEqual(["msp", "ebo"]);
    expect(again.sentence).toBe(
      "knn was chosen first, but cannot be used with the whole training part (a note says why). msp decides: the best by cross-validation inside the training part, with classes left out in turn.",
    );
  });

  it("stays where it can be used; of detectors that no trial knows the first is taken", () => {
    expect(chooseAgain(choice, ["msp", "knn"], grounds)).toBe(choice);
    expect(chooseAgain(choice, ["rankfeat", "gram"], grounds).detector).toBe("rankfeat");
  });
});
