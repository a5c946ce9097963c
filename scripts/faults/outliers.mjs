/** Faults in boundary sampling, diffusion, samplers, synthesis and audit. */
const source = (path) => `packages/oal/src/${path}`;

export const outliers = [
  {
    file: source("outliers/boundary/distances.ts"),
    what: "a bank row is counted as its own neighbour",
    find: "if (!selfCounted) scratch[row] = -Infinity;",
    replace: "",
    tests: [source("outliers/boundary/distances.test.ts")],
  },
  {
    file: source("outliers/audit.ts"),
    what: "fakes are counted above 0.1 instead of 0.9",
    find: "threshold = 0.9",
    replace: "threshold = 0.1",
    tests: [source("outliers/audit.test.ts")],
  },
];
