/** Sections kd, mi, exposure and evaluation: what the student's loss is made of and how it is measured. Keys and defaults: METHOD 12. */
import { z } from "zod";
import { choice, flag, positive, real, whole } from "./fields.js";

/** Section `kd`. */
export const distillationSchema = z.strictObject({
  logitsWeight: real(4, 0, 1000, "weight of KL(teacher || student) on the logits"),
  featureWeight: real(8, 0, 1000, "weight of KL(DT(teacher) || student) on the features"),
  temperature: positive(1, 100, "both logits are divided by it, the term is multiplied by its square"),
  dtLearningRate: positive(1, 1000, "learning rate of the map DT, as a factor of the student's"),
  detachTeacherBranch: flag(false, "no gradient into the map DT through the target side"),
  teacherView: choice(
    ["same", "clean"],
    "same",
    "the teacher sees the augmented image of the student, or the plain one (computed once)",
  ),
});

/** Section `mi`. */
export const mutualInformationSchema = z.strictObject({
  // METHOD 12 has 0.1 and 0.2; docs/decisions/0005 says why corrected mode measures the bounds and does not weigh them
  embWeight: real(0, 0, 1000, "weight of CLUB, features against outlier embeddings; published: 0.1"),
  latentWeight: real(0, 0, 1000, "weight of CLUB, features against pooled outlier latents; published: 0.2"),
  measure: flag(true, "fit q and log the bounds also where their weight is 0"),
  reduction: choice(["mean", "sum"], "mean", "over the feature dimensions"),
  pairing: choice(["class", "random"], "class", "which outlier meets which image: one of its class, or any"),
  hidden: whole(512, 4, 8192, "width of the nets of q (halved inside)"),
  qSteps: whole(3, 0, 100, "likelihood steps of q per step of the student"),
  qLr: positive(1e-3, 1, "learning rate of Adam for q"),
  latentPooling: choice(
    ["grid4-meanstd", "channel-row-mean"],
    "grid4-meanstd",
    "latent to vector: mean and deviation on a 4x4 grid, or the published row means",
  ),
});

/** Section `exposure`. */
export const exposureSchema = z.strictObject({
  uniformWeight: real(0.5, 0, 1000, "cross-entropy of decoded outliers with the uniform distribution"),
  energyWeight: real(0, 0, 1000, "squared hinge that keeps the energy of outliers below that of ID images"),
  energyMargin: positive(5, 1000, "distance in logit units between the two hinges"),
  distillWeight: real(1, 0, 1000, "KL(teacher || student) on decoded outliers"),
  distillTemperature: positive(2, 100, "temperature of that divergence"),
  fraction: real(0.5, 0.01, 4, "outliers per step, as a share of the batch size"),
  start: real(0, 0, 0.99, "share of the steps before the exposure begins"),
});

/** Section `evaluation`. */
export const evaluationSchema = z.strictObject({
  detectors: z
    .array(z.string().min(1))
    .min(1)
    .default(["msp", "mls", "ebo", "knn"])
    .describe("detectors by name; oal list detectors shows them"),
  bootstrap: whole(1000, 0, 1_000_000, "resamples behind every interval; 0: no intervals"),
  batchSize: whole(
    250,
    1,
    8192,
    "images of 32x32 pixels per batch; of larger ones as many as have the same number of pixels",
  ),
  scoreDetector: z
    .string()
    .min(1)
    .default("ebo")
    .describe("the detector that oal score uses; must be among detectors"),
  keep: real(0.95, 0.5, 0.9999, "share of validation ID images that the stored threshold lets pass"),
});
