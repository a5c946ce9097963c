/** Faults in losses, networks, optimisers, data and training. */
const source = (path) => `packages/oal/src/${path}`;

export const training = [
  {
    file: source("nn/losses/distillation.ts"),
    what: "T² is missing in distillation",
    find: "temperature ** 2);",
    replace: "1);",
    tests: [source("nn/losses/losses.test.ts")],
  },
  {
    file: source("training/methods/outlierExposure.ts"),
    what: "the energy margin is ignored",
    find: "centre, sub(centre, margin)",
    replace: "centre, sub(centre, 5)",
    tests: [source("training/methods/exposure.test.ts")],
  },
  {
    file: source("training/step.ts"),
    what: "a parameter's own rate is dropped (airbench's biases at 64 times the rate)",
    find: "spec.rate * groupRate(options, spec.name)",
    replace: "groupRate(options, spec.name)",
    tests: [source("training/step.test.ts")],
  },
  {
    file: source("nn/networks/airbench.ts"),
    what: "the biases of airbench have the common rate",
    find: "bias: { rate: normBiasRate, decay: false }",
    replace: "bias: { decay: false }",
    tests: [source("training/step.test.ts")],
  },
  {
    file: source("training/step.ts"),
    what: "weight decay is not divided for fast groups",
    find: "optimizer.weightDecay / rate",
    replace: "optimizer.weightDecay",
    tests: [source("training/step.test.ts")],
  },
  {
    file: source("training/rates.ts"),
    what: "cosine's final factor is ignored",
    find: "steps - rising), finalFactor)",
    replace: "steps - rising), 0)",
    tests: [source("training/rates.test.ts")],
  },
  {
    file: source("training/classifier.ts"),
    what: "pairing random is treated as class",
    find: `options.pairing === "class" ?`,
    replace: `options.pairing ?`,
    tests: [source("training/classifier.test.ts")],
  },
  {
    file: source("data/augment.ts"),
    what: "reflected padding is off by one at the far edge",
    find: "2 * side - 2 - at",
    replace: "2 * side - 1 - at",
    tests: [source("data/augment.test.ts")],
  },
];
