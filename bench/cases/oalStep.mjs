import { arithmetic, recipeStep } from "../steps/oalStep.mjs";

const unmeasured = { mi: { measure: false } };

export default {
  title: ({ batch, fraction }) =>
    `training step of outlier-aware learning, airbench 32-128-128, batch ${batch} and ${fraction} of it as outliers`,
  unit: "ms a step",
  settings: {
    batch: 512,
    fraction: 0.5,
    studentWidths: [32, 128, 128],
    teacherWidths: [64, 256, 256],
    pooled: 128,
  },
  short: { batch: 16, studentWidths: [8, 16, 16], teacherWidths: [8, 16, 16] },
  goals: { must: "arithmetic", aim: "0.9 of it" },
  contestants: {
    "cross-entropy": { make: recipeStep("ce") },
    "oal, teacher's rows stored": { make: recipeStep("oal") },
    "oal, the same without measured bounds": { variant: true, make: recipeStep("oal", { more: unmeasured }) },
    "oal, teacher in the step": { make: recipeStep("oal", { teacherInStep: true }) },
  },
  ratios: (settings) => {
    const cost = (of, teacherInStep) => ({
      of,
      over: "cross-entropy",
      called: `${of} : cross-entropy (arithmetic ${arithmetic(settings, teacherInStep).toFixed(2)})`,
    });
    return [
      cost("oal, teacher's rows stored", false),
      cost("oal, the same without measured bounds", false),
      cost("oal, teacher in the step", true),
    ];
  },
};
