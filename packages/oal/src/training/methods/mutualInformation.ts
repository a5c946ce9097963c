/**
 * The two CLUB terms of OAL: an upper bound on the mutual information between student features and outliers, once for
 * outlier embeddings and once for pooled outlier latents. q is fitted by its own likelihood steps inside the same graph.
 */
import { concat, maximum, mul, slice, stopGradient, type Value } from "oal-core";
import { z } from "zod";
import {
  clubLearningLoss,
  clubNetwork,
  clubValue,
  deepClubNetwork,
  type ConditionalGaussian,
} from "../../nn/losses/club.js";
import type { Context } from "../../nn/context.js";
import { defineMethod, type MethodInputs, type WeightedTerm } from "./method.js";
import { fitInStep } from "../fitInStep.js";

const schema = z.object({
  embWeight: z.number().default(0.1),
  latentWeight: z.number().default(0.2),
  measure: z.boolean().default(false),
  reduction: z.enum(["mean", "sum"]).default("mean"),
  hidden: z.number().int().default(512),
  qSteps: z.number().int().default(3),
  qLr: z.number().default(1e-3),
});
type Options = z.output<typeof schema>;

/**
 * 0.1 * max(0, CLUB(q1; o, f)) + 0.2 * max(0, CLUB(q2; s', f)), q frozen in the value and fitted on detached features.
 * With `measure`, a bound whose weight is 0 is fitted and logged too; nothing of it reaches the student.
 */
export const mutualInformationMethod = defineMethod({
  id: "mutualInformation",
  title: "Mutual-information terms (CLUB)",
  source: "METHOD 6 and 9 row 5; Cheng et al. 2020",
  section: "mi",
  schema,
  keysOfOthers: ["pairing", "latentPooling"],
  needs: ({ embWeight, latentWeight, measure }) => [
    ...(embWeight > 0 || measure ? (["outlierEmbeddings"] as const) : []),
    ...(latentWeight > 0 || measure ? (["outlierLatents"] as const) : []),
  ],
  terms: (inputs, options) => [
    ...boundTerms("club", clubNetwork, inputs, inputs.outlierEmbeddings, options.embWeight, options),
    ...boundTerms("deepClub", deepClubNetwork, inputs, inputs.outlierLatents, options.latentWeight, options),
  ],
});

type Net = (context: Context, x: Value, outputs: number, hidden: number) => ConditionalGaussian;

function boundTerms(
  name: string,
  net: Net,
  { context, features }: MethodInputs,
  outliers: Value | undefined,
  weight: number,
  options: Options,
): WeightedTerm[] {
  if (!outliers || (weight === 0 && !options.measure)) return [];
  const width = features.shape[1] ?? 0;
  const fixed = stopGradient(features);
  const build = (part: Context): ConditionalGaussian => net(part, outliers, width, options.hidden);
  const { fitted, loss } = fitInStep(context.child(name), options.qSteps, options.qLr, (part) =>
    clubLearningLoss(build(part), fixed, options.reduction),
  );
  const value = clubValue(build(fitted), features, options.reduction);
  return [
    ...(weight === 0 ? [] : [{ name, value: maximum(value, 0), weight }]),
    // Logged only: the bound before clipping, the bound for pairs shifted by one row (no information: 0 up to
    // noise), and how well q explains the features.
    {
      name: `${name}Null`,
      value: stopGradient(clubValue(build(fitted), shifted(features), options.reduction)),
      weight: 0,
    },
    { name: `${name}Bound`, value: stopGradient(value), weight: 0 },
    { name: `${name}Likelihood`, value: stopGradient(mul(loss, -1)), weight: 0 },
  ];
}

/** Rows moved up by one, the first to the end: pairs that belong to other images. */
function shifted(rows: Value): Value {
  const count = rows.shape[0] ?? 0;
  if (count < 2) return rows;
  return concat([slice(rows, [1], [count], [0]), slice(rows, [0], [1], [0])], 0);
}
