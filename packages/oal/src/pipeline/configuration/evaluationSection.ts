/** Section `evaluation`: how students are measured. */
import { z } from "zod";
import { real, whole } from "../../fields.js";

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
  storedDetectors: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "detectors that the model file holds beside scoreDetector, for oal score --detector; must be among detectors",
    ),
  keep: real(0.95, 0.5, 0.9999, "share of validation ID images that the stored threshold lets pass"),
});
