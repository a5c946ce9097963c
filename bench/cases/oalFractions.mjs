import { outlierCount } from "../../packages/oal/dist/training/side/outliers.js";
import { exposureStep, recipeStep } from "../steps/oalStep.mjs";

const fractions = [0.1, 0.25, 0.5];
const called = (fraction) => `logistic energy, outliers ${fraction} of the batch`;

export default {
  title: ({ batch, widths }) =>
    `training step with an exposure to outlier pictures, airbench ${widths.join("-")}, batch ${batch}`,
  unit: "ms a step",
  settings: { batch: 512, widths: [32, 128, 128] },
  short: { batch: 16, widths: [8, 16, 16] },
  goals: { must: "arithmetic", aim: "0.95 of it" },
  contestants: {
    "cross-entropy": {
      make: (settings) => recipeStep("ce")({ ...settings, studentWidths: settings.widths }),
    },
    ...Object.fromEntries(
      fractions.map((fraction) => [
        called(fraction),
        { variant: fraction !== 0.5, make: exposureStep({ logisticWeight: 0.1, fraction }) },
      ]),
    ),
    "the same at 0.5, outliers with statistics of their own": {
      variant: true,
      make: exposureStep({ logisticWeight: 0.1, fraction: 0.5, statistics: "own" }),
    },
    "reject class, outliers 0.5 of the batch": {
      variant: true,
      make: exposureStep({ rejectWeight: 0.5, fraction: 0.5 }),
    },
  },
  ratios: ({ batch }) => [
    ...fractions.map((fraction) => ({
      of: called(fraction),
      over: "cross-entropy",
      called: `${called(fraction)} : cross-entropy (arithmetic ${(1 + outlierCount(batch, fraction) / batch).toFixed(2)})`,
    })),
    {
      of: "the same at 0.5, outliers with statistics of their own",
      over: "cross-entropy",
      called: "with statistics of their own : cross-entropy (arithmetic 1.50)",
    },
    {
      of: "reject class, outliers 0.5 of the batch",
      over: "cross-entropy",
      called: "reject class : cross-entropy (arithmetic 1.50)",
    },
  ],
};
