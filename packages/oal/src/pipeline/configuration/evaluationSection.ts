/** Section `evaluation`: how students are measured. */
import { bootstrapDefaults } from "../../evaluation/resample.js";
import { defaultKeep } from "../../evaluation/summary.js";
import { defaultDetectors, detectors } from "oal-core";
import { z } from "zod";
import { flag, real, whole } from "../../fields.js";

/** A detector's id, from its id or another name of it; a name that no detector has stays, and is refused with the rules. */
const detectorName = z
  .string()
  .min(1)
  .transform((name) => (detectors.has(name) ? detectors.find(name).id : name));

/** Section `evaluation`. */
export const evaluationSchema = z.strictObject({
  detectors: z
    .array(
      z.union([
        detectorName,
        z.strictObject({ id: detectorName, parameters: z.record(z.string(), z.unknown()).default({}) }),
      ]),
    )
    .min(1)
    .default([...defaultDetectors])
    .describe(
      "detectors by name, or as { id: knn, parameters: { neighbours: 10 } }; all: every one; oal list detectors shows them",
    ),
  search: flag(
    false,
    "choose the detectors' parameters by known against unknown validation images (sets of group validation-near and validation-far)",
  ),
  combine: flag(
    false,
    "choose a combination of the detectors by known against unknown validation images, and measure it as one more, which the model file holds as combination",
  ),
  scoreFiles: z
    .array(z.enum(["npz", "parquet"]))
    .default([])
    .describe(
      "forms of every image's scores beside the CSV files, in scores/npz and scores/parquet of the run: npz as OpenOOD lays it out",
    ),
  bootstrap: whole(
    bootstrapDefaults.resamples,
    0,
    1_000_000,
    "resamples behind every interval; 0: no intervals",
  ),
  batchSize: whole(
    250,
    1,
    8192,
    "images of 32x32 pixels per batch; of larger ones as many as have the same number of pixels",
  ),
  scoreDetector: detectorName
    .default("ebo")
    .describe("the detector that oal score uses; must be among detectors"),
  storedDetectors: z
    .array(detectorName)
    .default([])
    .describe(
      "detectors that the model file holds beside scoreDetector, for oal score --detector; must be among detectors",
    ),
  keep: real(defaultKeep, 0.5, 0.9999, "share of validation ID images that the stored threshold lets pass"),
  ask: z
    .number()
    .min(0.01)
    .max(0.9999)
    .optional()
    .describe(
      "share of validation ID images above a second threshold, at most keep; known ones below it are to be looked at",
    ),
  perClass: flag(
    false,
    "a threshold for every predicted class that has enough validation ID images (19 at keep 0.95); others have that of all",
  ),
});
