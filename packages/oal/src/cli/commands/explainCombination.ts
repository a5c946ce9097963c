/** What `oal explain combination` says: the detector that is made of others and stands in no registry. */
import { combinationId } from "oal-core";
import type { Explained } from "./explain.js";

/** Its facts, under the names that detectors have. */
const facts = {
  id: combinationId,
  title: "Combination of detectors",
  source: "a mean of ranks; decision 0043",
  formula: "mean over members m of F_m(s_m)",
  terms:
    "F_m(s) is the share of known pictures whose score by m lies below s, a broken line through at most 257 of them; below the least it falls on as -t / (1 + t), t in ways from the least to the median",
  members:
    "the best detector, then whichever raises the AUROC most, until the gain is below 0.1 points; 4 at most",
  chosenBy: {
    run: "evaluation.combine: known against unknown validation pictures, near and far weighing alike; ranks among the known ones",
    fit: "--combine: the trials of the cross-validation (classes left out, unknown pictures that may choose); ranks among their known pictures",
  },
  decides: {
    run: "only where evaluation.scoreDetector names it",
    fit: "only where its AUROC over the trials is larger than that of the detector that was chosen by more than the standard error of their difference, and it accepts no more unknown pictures at the cut; else it is measured beside it",
  },
  needs: "what its members need",
  cost: "its members'; 257 scores for each",
  notes: [
    "oal benchmark makes none.",
    "Members are a choice by few trials or validation pictures: the figures of the test are what it is worth.",
  ],
} as const;

/** The lines for people. */
function text(): string {
  const { id, title, formula, terms, source, needs, members, chosenBy, decides, cost, notes } = facts;
  const lines = [
    `${id}: ${title}`,
    `  confidence  ${formula}: ${terms}`,
    `  source      ${source}`,
    `  needs       ${needs}`,
    `  members     ${members}`,
    `  chosen by   oal run: ${chosenBy.run}`,
    `              oal fit: ${chosenBy.fit}`,
    `  decides     oal run: ${decides.run}`,
    `              oal fit: ${decides.fit}`,
    `  cost        ${cost}`,
    ...notes.map((note) => `  - ${note}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** It among what can be explained. */
export const explainedCombination: Explained = {
  kind: "detector",
  names: [combinationId],
  asJson: () => facts,
  asText: text,
};
