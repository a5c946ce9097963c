import fc from "fast-check";
import { expect, test } from "vitest";
import { decide, makeDecision } from "./decision.js";
import { recutDecision } from "./recut.js";

const finite = fc.integer({ min: -8, max: 8 });
const score = fc.oneof({ weight: 12, arbitrary: finite }, fc.constantFrom(Infinity, -Infinity));

test("another share: known is what a p value above the rest says, as a calibration with that share gives it", () => {
  const scores = fc.array(score, { minLength: 1, maxLength: 60 });
  const keeps = fc.constantFrom(0.5, 0.75, 0.8, 0.9, 0.95, 0.98);
  fc.assert(
    fc.property(
      scores,
      keeps,
      fc.array(score, { minLength: 1, maxLength: 9 }),
      (calibration, keep, asked) => {
        const before = makeDecision(calibration, { detector: "ebo", target: 0.6 });
        const after = recutDecision(before, keep);
        if (after === null) {
          // even the lowest score has a p value that is too small
          expect(calibration.length / (calibration.length + 1)).toBeLessThan(keep);
          return;
        }
        expect(after).toEqual(makeDecision(calibration, { detector: "ebo", target: keep }));
        for (const each of asked) {
          const { known, pValue } = decide(after, each);
          expect(known).toBe(pValue > 1 - keep + 1e-9);
        }
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

test("of more scores than are stored the cut is one that keeps at least as many", () => {
  const scores = Array.from({ length: 5000 }, (_, i) => i);
  const before = makeDecision(scores, { detector: "ebo" });
  expect(before.calibration.length).toBeLessThan(5000);
  const after = recutDecision(before, 0.9);
  const kept = scores.filter((each) => each >= (after?.cuts.unknown ?? NaN)).length;
  expect(kept / 5000).toBeGreaterThanOrEqual(0.9);
  expect(kept / 5000).toBeLessThan(0.901);
});

test("the cut for asking stays", () => {
  const before = makeDecision([1, 2, 3, 4, 5, 6, 7, 8, 9], { detector: "ebo", target: 0.8, ask: 0.5 });
  expect(recutDecision(before, 0.9)?.cuts).toEqual({ unknown: 1, ask: before.cuts.ask });
});

test("cuts of classes are refused", () => {
  const before = { ...makeDecision([1, 2, 3], { detector: "ebo" }), perClass: [{ unknown: 2 }] };
  expect(() => recutDecision(before, 0.5)).toThrowError(expect.objectContaining({ code: "OAL-C120" }));
});
