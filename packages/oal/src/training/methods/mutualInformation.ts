/**
 * The two CLUB terms of OAL: an upper bound on the mutual information between student features and outliers, once for
 * outlier embeddings and once for pooled outlier latents. q is fitted by its own likelihood steps inside the same graph, or,
 * as in the published code, never fitted: it then descends the value itself, beside the student.
 */
import { concat, maximum, mul, slice, stopGradient, type Value } from "oal-core";
import { z } from "zod";
import { choice, flag, positive, real, whole } from "../../fields.js";
import {
  clubLearningLoss,
  clubNetwork,
  clubValue,
  deepClubNetwork,
  type ConditionalGaussian,
} from "../../nn/losses/club.js";
import type { Context } from "../../nn/context.js";
import type { MethodInputs } from "./inputs.js";
import { defineMethod } from "./method.js";
import type { TermDeclarations } from "./terms.js";
import { fitInStep } from "../fitInStep.js";

const schema = z.strictObject({
  // docs/decisions/0005 says why the bounds are measured and not weighed; the published weights are in the preset "official"
  embWeight: real(0, 0, 1000, "weight of CLUB, features against outlier embeddings"),
  latentWeight: real(0, 0, 1000, "weight of CLUB, features against pooled outlier latents"),
  measure: flag(true, "fit q and log the bounds also where their weight is 0"),
  reduction: choice(["mean", "sum"], "mean", "over the feature dimensions"),
  pairing: choice(
    ["class", "random", "instance"],
    "class",
    "which outlier meets which image: one of its class, any, or an embedding that is made anew from the image's own (its latent is one of its class)",
  ),
  drawn: choice(
    ["batch", "published"],
    "batch",
    "outliers per step: as many as images; or 128, and 80 in the last step of an epoch, which is an error where the images are not as many",
  ),
  hidden: whole(512, 4, 8192, "width of the nets of q (halved inside)"),
  learning: choice(
    ["likelihood", "value"],
    "likelihood",
    "how q is learned: by likelihood steps of its own, its value cut at 0; or, as published, by descending the value itself in the student's optimiser",
  ),
  qRate: positive(0.02, 1000, "with learning: value, learning rate of q, as a factor of the student's"),
  qSteps: whole(3, 0, 100, "likelihood steps of q per step of the student"),
  qLr: positive(1e-3, 1, "learning rate of Adam for q"),
  latentPooling: choice(
    ["grid4-meanstd", "channel-row-mean"],
    "grid4-meanstd",
    "latent to vector: mean and deviation on a 4x4 grid, or the published row means",
  ),
});
type Options = z.output<typeof schema>;

const boundTitles = (name: string, of: string, weight: string): TermDeclarations => ({
  [name]: {
    title: `bound on the information of the features about ${of}, at least 0 where q is fitted`,
    weight,
  },
  [`${name}Null`]: { title: `that bound for pairs that belong to other images: 0 up to noise`, weight: null },
  [`${name}Bound`]: { title: `that bound before it is cut at 0`, weight: null },
  [`${name}Likelihood`]: { title: `how well q explains the features by ${of}`, weight: null },
});

/**
 * embWeight * max(0, CLUB(q1; o, f)) + latentWeight * max(0, CLUB(q2; s', f)), q frozen in the value and fitted on detached
 * features. With `measure`, a bound whose weight is 0 is fitted and logged too; nothing of it reaches the student.
 */
export const mutualInformationMethod = defineMethod({
  id: "mutualInformation",
  title: "Mutual-information terms (CLUB)",
  source: "METHOD 6 and 9 row 5; Cheng et al. 2020",
  outliers: ["features", "latents"],
  section: "mi",
  about: "mutual information between features and outliers",
  decides: { pairing: ["outlierEmbeddings", "outlierLatents"], latentPooling: ["outlierLatents"] },
  schema,
  terms: {
    ...boundTitles("club", "outlier embeddings", "embWeight"),
    ...boundTitles("deepClub", "outlier latents", "latentWeight"),
  },
  needs: (options) => [
    ...(isBuilt(options.embWeight, options) ? ["outlierEmbeddings"] : []),
    ...(isBuilt(options.latentWeight, options) ? ["outlierLatents"] : []),
  ],
  rates: ({ learning, qRate }) => (learning === "value" ? { "club.": qRate, "deepClub.": qRate } : {}),
  ignored: ({ embWeight, latentWeight, measure, learning, qSteps }) => {
    if (learning === "value") {
      const none = "mi.latentWeight: 0 and mi.learning: value";
      const noLatents = latentWeight === 0;
      return [
        [["qSteps", "qLr", "measure"], "mi.learning: value"],
        [["latentPooling"], noLatents && none],
        [
          ["reduction", "pairing", "drawn", "hidden", "qRate"],
          noLatents && embWeight === 0 && "both weights of mi at 0 and mi.learning: value",
        ],
      ];
    }
    const noLatents = latentWeight === 0 && !measure;
    const noBounds = noLatents && embWeight === 0;
    return [
      [["latentPooling"], noLatents && "mi.latentWeight: 0 and mi.measure: false"],
      [
        ["reduction", "pairing", "drawn", "hidden", "qSteps", "qLr"],
        noBounds && "both weights of mi at 0 and mi.measure: false",
      ],
      [["qLr"], !noBounds && qSteps === 0 && "mi.qSteps: 0"],
      [["qRate"], "mi.learning: likelihood"],
    ];
  },
  build: (inputs, options) => ({
    ...boundTerms("club", clubNetwork, inputs, "outlierEmbeddings", options.embWeight, options),
    ...boundTerms("deepClub", deepClubNetwork, inputs, "outlierLatents", options.latentWeight, options),
  }),
});

/** Whether a bound is part of the step. A q that is not fitted by likelihood measures nothing, so it is built for its weight alone. */
function isBuilt(weight: number, { measure, learning }: Options): boolean {
  return weight > 0 || (measure && learning === "likelihood");
}

type Net = (context: Context, x: Value, outputs: number, hidden: number) => ConditionalGaussian;

function boundTerms(
  name: string,
  net: Net,
  { context, features, side }: MethodInputs,
  need: string,
  weight: number,
  options: Options,
): Record<string, Value> {
  if (!isBuilt(weight, options)) return {};
  const outliers = side(need);
  const width = features.shape[1] ?? 0;
  const fixed = stopGradient(features);
  const build = (part: Context): ConditionalGaussian => net(part, outliers, width, options.hidden);
  if (options.learning === "value") {
    const q = build(context.child(name));
    return {
      [name]: clubValue(q, features, options.reduction),
      [`${name}Likelihood`]: stopGradient(mul(clubLearningLoss(q, fixed, options.reduction), -1)),
    };
  }
  const { fitted, loss } = fitInStep(context.child(name), options.qSteps, options.qLr, (part) =>
    clubLearningLoss(build(part), fixed, options.reduction),
  );
  const value = clubValue(build(fitted), features, options.reduction);
  return {
    ...(weight === 0 ? {} : { [name]: maximum(value, 0) }),
    // Logged only: the bound before clipping, the bound for pairs shifted by one row (no information: 0 up to
    // noise), and how well q explains the features.
    [`${name}Null`]: stopGradient(clubValue(build(fitted), shifted(features), options.reduction)),
    [`${name}Bound`]: stopGradient(value),
    [`${name}Likelihood`]: stopGradient(mul(loss, -1)),
  };
}

/** Rows moved up by one, the first to the end: pairs that belong to other images. */
function shifted(rows: Value): Value {
  const count = rows.shape[0] ?? 0;
  if (count < 2) return rows;
  return concat([slice(rows, [1], [count], [0]), slice(rows, [0], [1], [0])], 0);
}
