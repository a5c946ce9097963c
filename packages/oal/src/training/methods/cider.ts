/** Features on a sphere: each class around its own direction, and the directions of classes far from each other. */
import { oalError, stopGradient } from "oal-core";
import { z } from "zod";
import { positive, real, whole } from "../../fields.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { defineMethod } from "./method.js";
import { compactness, dispersion, movedPrototypes, projected } from "./prototypes.js";

/**
 * compactWeight * compactness + disperseWeight * dispersion of the projected features, with prototypes that follow them; and the cross-entropy of
 * the last layer on features that are held, which reads the classes off and shapes nothing. The projection is not part of the finished model:
 * detectors look at the features before it (`knn`).
 */
export const ciderMethod = defineMethod({
  id: "cider",
  title: "Compactness and dispersion",
  source:
    "Ming et al. 2023, How to Exploit Hyperspherical Embeddings for Out-of-Distribution Detection?, equations 5 to 7; numbers as in OpenOOD, which shows two views of a picture where this shows one, and trains no last layer",
  section: "cider",
  about: "features around directions of classes",
  schema: z.strictObject({
    compactWeight: real(2, 0, 1000, "weight of the distance to the own class's direction"),
    disperseWeight: real(1, 0, 1000, "weight of the nearness of the classes' directions"),
    temperature: positive(0.1, 100, "what products of vectors of length 1 are divided by"),
    momentum: real(0.95, 0, 0.9999, "what is kept of a direction when a sample of its class moves it"),
    width: whole(128, 2, 8192, "width of the space that features are compared in"),
  }),
  terms: {
    ciderCompact: { title: "cross-entropy of the own class's direction", weight: "compactWeight" },
    ciderDisperse: { title: "log-mean nearness of the classes' directions", weight: "disperseWeight" },
    probeCe: { title: "cross-entropy of the labels, features held", weight: 1 },
  },
  build: ({ context, features, labels, head }, { temperature, momentum, width }) => {
    if (!head) throw oalError("OAL-T133", { method: "cider" });
    const own = context.child("cider");
    const embeddings = projected(own.child("projection"), features, width);
    const prototypes = movedPrototypes(own, embeddings, labels, momentum);
    return {
      ciderCompact: compactness(embeddings, prototypes, labels, temperature),
      ciderDisperse: dispersion(prototypes, temperature),
      probeCe: softCrossEntropy(head.apply(stopGradient(features)), labels),
    };
  },
});
