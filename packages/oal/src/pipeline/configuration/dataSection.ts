/** Section `data`: where images come from, how large they become, and how many are used. */
import { z } from "zod";
import { defaultMaxPixels } from "../../data/pictures/limits.js";
import { unknownGroups } from "../../evaluation/result.js";
import { choice, flag, real, whole } from "../../fields.js";

/** Where one set of images lies. */
export const imageSetSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .describe(
        "folder, archive (.tar, .tar.gz, .zip), IDX or CIFAR binary file, relative to data.source; with list: the root of its paths, which may be an archive or a folder of archives",
      ),
    list: z
      .string()
      .min(1)
      .optional()
      .describe(
        'image list in OpenOOD\'s form, "relative/path label" a line (label -1 = OOD), relative to data.source',
      ),
    split: z
      .string()
      .min(1)
      .optional()
      .describe(
        'part of the source: a sub-folder, or "train" or "test" of IDX and CIFAR files; default: the part called as the set is used, for unknown images the test part of IDX and CIFAR files, else all',
      ),
    limit: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe("at most this many images, evenly spaced over the source's order; default: all"),
  })
  .describe("where one set of images lies");

/** What tables and files call the other sets and the means over sets; no set of unknowns can have such a name. */
export const takenSetNames: readonly string[] = [
  "train",
  "test",
  "id",
  "id-validation",
  "outliers",
  "near",
  "far",
  "left-out",
  "val_signs",
  "val_drawings",
  "val_tinted",
];

/** A set of unknown images and the group it is averaged in. */
export const outOfDistributionSetSchema = imageSetSchema
  .extend({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "letters, digits, dots, dashes and underscores only")
      .describe("name in tables and file names"),
    group: z
      .enum(unknownGroups)
      .default("far")
      .describe(
        "validation-near and validation-far: may choose settings, and should be of kinds that no other set has; near and far: only measured",
      ),
  })
  .describe("one set of unknown images");

/** Images drawn in this process for the embedded data set. */
const embeddedSchema = z.strictObject({
  train: whole(12_000, 20, 1_000_000, "training images (digits 0-9, from the training font families)"),
  validation: whole(1000, 20, 1_000_000, "validation images (digits of font families of their own)"),
  test: whole(2000, 20, 1_000_000, "test images (digits of font families never seen in training)"),
  validationOod: whole(
    500,
    20,
    1_000_000,
    "images of each of the two sets of unknowns (near and far) that may choose settings; beside files of S pixels 32 / S times as many",
  ),
  ood: whole(
    1000,
    20,
    1_000_000,
    "images of each of the six sets of unknowns that are only measured; beside files of S pixels 32 / S times as many",
  ),
});

/** The whole section. */
export const dataSchema = z.strictObject({
  source: z
    .string()
    .min(1)
    .default("embedded")
    .describe(
      '"embedded" (drawn here, needs no file), or the folder or archive that every path below is relative to',
    ),
  embedded: embeddedSchema.prefault({}).describe('sizes of the sets when source is "embedded"'),
  id: imageSetSchema.optional().describe("training images of the known classes; default: source itself"),
  validation: imageSetSchema
    .optional()
    .describe("validation images of the known classes; default: split off the training images"),
  test: imageSetSchema
    .optional()
    .describe("test images of the known classes; default: split off the training images"),
  validationFraction: real(
    0.1,
    0.01,
    0.5,
    "share of every class that is split off when validation is not given",
  ),
  testFraction: real(0.2, 0.01, 0.5, "share of every class that is split off when test is not given"),
  leaveOut: z
    .string()
    .min(1)
    .optional()
    .describe(
      "a class that is made unknown: its images leave training, validation and test, and are the set left-out, of group near",
    ),
  ood: z.array(outOfDistributionSetSchema).default([]).describe("sets of unknown images"),
  embeddedOod: flag(
    true,
    "with a source of files and no near or far set in ood: measure against the embedded data set's textures, shapes, noise and photo-like fields",
  ),
  drawnValidation: flag(
    true,
    "with a source of files: draw unknown pictures that may choose settings for the group, validation-near or validation-far, that no set in ood has",
  ),
  normalisation: choice(
    ["measured", "cifar10", "cifar100", "imagenet"],
    "measured",
    "mean and deviation per channel that the networks subtract and divide by: those of the training images, or a set's published ones",
  ),
  size: whole(32, 16, 224, "height and width in pixels of every image after reading"),
  orientation: choice(
    ["auto", "apply", "ignore"],
    "auto",
    "whether photos are turned as the camera noted in EXIF; auto: in folders and archives, not in image lists (benchmarks are read as they are stored)",
  ),
  maxPixels: whole(
    defaultMaxPixels,
    1024,
    2_147_483_647,
    "most pixels (width times height) of a picture; its header is asked before it is decoded",
  ),
  licence: z
    .string()
    .min(1)
    .optional()
    .describe("licence of the training images, written into every model that is made from them"),
  skipBad: whole(0, 0, 1_000_000, "how many unreadable images to leave out before the run stops"),
});
