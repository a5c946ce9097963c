/** Faults in packages/core. */
const source = (path) => `packages/core/src/${path}`;

export const core = [
  {
    file: source("rewrite/blockedConvolution.ts"),
    what: "grouped convolutions are rewritten to blocked ones",
    find: `int(node.attributes, "group", 1) !== 1`,
    replace: `int(node.attributes, "group", 1) < 1`,
    tests: [source("rewrite/blockedConvolution.test.ts")],
  },
];
