/**
 * The published energy ablation: a classifier of one number, the energy, tells known samples from outliers. It stands beside the
 * CLUB terms, or in their place.
 */
import type { Value } from "oal-core";
import { z } from "zod";
import { choice, positive, real } from "../../fields.js";
import { teacherAdapter } from "../../nn/losses/dt.js";
import { energy, energyClassifier } from "../../nn/losses/energy.js";
import type { MethodInputs } from "./inputs.js";
import { defineMethod } from "./method.js";

const schema = z.strictObject({
  embWeight: real(0, 0, 1000, "weight of the energy classifier on outlier embeddings; published: 2.5"),
  latentWeight: real(0, 0, 1000, "weight of the energy classifier on outlier latents; published: 2.5"),
  form: choice(
    ["logits", "features"],
    "logits",
    "whose energy: of the class logits, outliers being the decoded pictures; or, as published, of the features, outliers being mapped to them",
  ),
  rate: positive(2, 1000, "learning rate of the classifier and the maps, as a factor of the student's"),
});
type Options = z.output<typeof schema>;

/**
 * weight * cross-entropy of Linear(1, 2) on logsumexp, known samples against outliers. `features`: logsumexp over the features, of the
 * student and of DT_k(outlier); `logits`: logsumexp over the class logits, of known pictures and of decoded outliers (latentWeight).
 */
export const energyClassifierMethod = defineMethod({
  id: "energyClassifier",
  title: "Energy of known samples against outliers",
  source: "METHOD 8 and 9 row 19; Du et al. 2022 (VOS), equation 5, with a linear layer",
  outliers: ["pictures", "features", "latents"],
  section: "energy",
  about: "the published energy ablation",
  schema,
  terms: {
    energyEmb: { title: "energy classifier, features against outlier embeddings", weight: "embWeight" },
    energyLatent: { title: "energy classifier, known against outlier latents", weight: "latentWeight" },
  },
  needs: ({ embWeight, latentWeight, form }) =>
    form === "logits"
      ? latentWeight > 0
        ? ["outlierImages"]
        : []
      : [...(embWeight > 0 ? ["outlierEmbeddings"] : []), ...(latentWeight > 0 ? ["outlierLatents"] : [])],
  shows: ({ latentWeight, form }) => (form === "logits" && latentWeight > 0 ? ["outlierImages"] : []),
  rates: ({ rate }) => ({ "energy.": rate }),
  ignored: ({ embWeight, latentWeight, form }) => [
    [["embWeight"], form === "logits" && "energy.form: logits, which embeddings have none of"],
    [["rate"], latentWeight === 0 && (form === "logits" || embWeight === 0) && "all weights of energy at 0"],
    [["form"], latentWeight === 0 && embWeight === 0 && "both weights of energy at 0"],
  ],
  build: (inputs, options) =>
    options.form === "logits" ? ofLogits(inputs, options) : ofFeatures(inputs, options),
});

function ofLogits(
  { context, logits, shown }: MethodInputs,
  { latentWeight }: Options,
): Record<string, Value> {
  if (latentWeight === 0) return {};
  const part = context.child("energy").child("classifier2");
  return { energyLatent: energyClassifier(part, energy(logits), energy(shown("outlierImages").logits)).loss };
}

function ofFeatures(
  { context, features, side }: MethodInputs,
  { embWeight, latentWeight }: Options,
): Record<string, Value> {
  const part = context.child("energy");
  const width = features.shape[1] ?? 0;
  const term = (k: number, outliers: Value): Value =>
    energyClassifier(
      part.child(`classifier${k}`),
      energy(features),
      energy(teacherAdapter(part.child(`dt${k}`), outliers, width)),
    ).loss;
  return {
    ...(embWeight > 0 ? { energyEmb: term(1, side("outlierEmbeddings")) } : {}),
    ...(latentWeight > 0 ? { energyLatent: term(2, side("outlierLatents")) } : {}),
  };
}
