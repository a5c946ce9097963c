import { expect, it } from "vitest";
import { uselessSentences } from "./useless.js";

type Judged = Parameters<typeof uselessSentences>[0][number];

function judged(
  id: string,
  figures: { given?: number; left?: number; drawn: number; accepted: number },
): Judged {
  const { given, left, drawn, accepted } = figures;
  return {
    id,
    leaveClassOut: left === undefined ? null : { mean: left, interval: [0, 1], classes: [] },
    sets: [
      ...(given === undefined ? [] : [{ kind: "given" as const, metrics: { auroc: given }, accepted }]),
      { kind: "drawn" as const, metrics: { auroc: drawn }, accepted: given === undefined ? accepted : 0 },
    ],
  };
}

it("a decision that hardly tells unknown pictures is called so, with a detector that is clearly better", () => {
  const msp = judged("msp", { given: 0.61, left: 0.9, drawn: 1, accepted: 0.8 });
  const knn = judged("knn", { given: 0.72, left: 0.9, drawn: 1, accepted: 0.1 });
  const maha = judged("mds", { given: 0.7, drawn: 1, accepted: 0.1 });
  expect(uselessSentences([msp, maha, knn], "msp")).toEqual([
    "the decision of msp is of little use: its AUROC on your unknown pictures is 61 %, and 50 % would be chance; it calls 80 % of your unknown pictures known; knn is clearly better there (AUROC 72 %): --detectors knn lets it decide",
  ]);
  expect(uselessSentences([knn, maha], "knn")[0]).toMatch(/chance$/);
});

it("without unknown pictures, classes left out judge it, and without these drawn pictures", () => {
  const left = judged("msp", { left: 0.7, drawn: 1, accepted: 0 });
  expect(uselessSentences([left], "msp")[0]).toContain("on classes left out in turn is 70 %");
  const drawn = judged("msp", { drawn: 0.76, accepted: 0.51 });
  expect(uselessSentences([drawn], "msp")).toEqual([
    "the decision of msp is of little use: it calls 51 % of the drawn pictures known",
  ]);
});

it("nothing is said of a good decision, nor where nothing was measured", () => {
  expect(uselessSentences([judged("msp", { given: 0.75, drawn: 0, accepted: 0.5 })], "msp")).toEqual([]);
  expect(uselessSentences([{ id: "msp", leaveClassOut: null, sets: [] }], "msp")).toEqual([]);
});
