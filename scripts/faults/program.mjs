/** Faults in evaluation, report, pipeline and command line. */
const source = (path) => `packages/oal/src/${path}`;

export const program = [
  {
    file: source("pipeline/stages/embeddings.ts"),
    what: "embeddings.perClass is off by one",
    find: ">= perClass",
    replace: "> perClass",
    tests: [source("pipeline/stages/embeddings.test.ts")],
  },
  {
    file: source("evaluation/score.ts"),
    what: "a detector without its images aborts the evaluation",
    find: `["OAL-E203", "OAL-E204"].includes`,
    replace: `["OAL-E204"].includes`,
    tests: [source("evaluation/evaluation.test.ts")],
  },
  {
    file: source("evaluation/score.ts"),
    what: "a detector whose parameter the data cannot meet aborts the evaluation",
    find: `["OAL-E203", "OAL-E204"].includes`,
    replace: `["OAL-E203"].includes`,
    tests: [source("evaluation/evaluation.test.ts")],
  },
];
