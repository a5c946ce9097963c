/** Outlier pictures shown to the student: the training method in which every exposure has its place. */
import { mul } from "oal-core";
import { z } from "zod";
import { mergedShape, real } from "../../fields.js";
import { exposures } from "../exposures/index.js";
import type { Exposure } from "../exposures/exposure.js";
import { readOptions, termsOf, type MethodSettings, type TrainingMethod } from "./method.js";

const section = "exposure";

const common = z.strictObject({
  fraction: real(0.5, 0.01, 4, "outliers per step, as a share of the batch size"),
  start: real(0, 0, 0.99, "share of the steps before the exposure begins"),
  outliers: z
    .string()
    .min(1)
    .default("latents")
    .describe("where the pictures come from: an outlier source; oal list outliers shows them"),
});

/** The options that do not belong to one exposure. */
export function exposureOptions(settings: MethodSettings): z.output<typeof common> {
  return readOptions(common, settings, section);
}

/** Exposures with a weight above 0, and their options. */
function inUse(
  settings: MethodSettings,
): { exposure: Exposure; options: Readonly<Record<string, unknown>> }[] {
  return exposures.all
    .map((exposure) => ({ exposure, options: readOptions(exposure.schema, settings, section) }))
    .filter(({ exposure, options }) => exposure.weights.some((key) => options[key] !== 0));
}

/** Terms of every exposure that has a weight, behind a gate that opens at the configured step. */
export const exposureMethod: TrainingMethod = {
  id: "exposure",
  title: "Exposure to outlier pictures",
  source: "METHOD 10.4",
  section,
  about: "decoded outliers shown to the student",
  get schema() {
    return z.strictObject(mergedShape(section, [...exposures.all, { id: "exposure", schema: common }]));
  },
  get terms() {
    return Object.assign({}, ...exposures.all.map(({ terms }) => terms));
  },
  needs: (settings) => {
    const used = inUse(settings);
    if (used.length === 0) return [];
    return [
      "outlierImages",
      "exposureGate",
      ...new Set(used.flatMap(({ exposure }) => exposure.needs ?? [])),
    ];
  },
  parts: (settings) => inUse(settings).map(({ exposure }) => exposure.id),
  shows: (settings) => (inUse(settings).length === 0 ? [] : ["outlierImages"]),
  rates: () => ({}),
  draws: () => ({}),
  ignored: (settings) => [
    ...exposures.all.flatMap(
      (exposure) => exposure.ignored?.(readOptions(exposure.schema, settings, section)) ?? [],
    ),
    [Object.keys(common.shape), inUse(settings).length === 0 && "all weights of exposure at 0"],
  ],
  build: ({ logits, features, side, shown }, settings) =>
    inUse(settings).flatMap(({ exposure, options }) => {
      const outliers = shown("outlierImages");
      const values = exposure.build({ logits, features, outliers, side }, options);
      return termsOf(exposure.id, exposure.terms, values, options).map((term) => ({
        ...term,
        weight: mul(side("exposureGate"), term.weight),
      }));
    }),
};
