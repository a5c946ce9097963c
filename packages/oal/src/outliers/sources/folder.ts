/** Pictures of the user's own of which no student should know the class: Outlier Exposure with real outliers. */
import { join } from "node:path";
import { z } from "zod";
import { openImageSet } from "../../data/cachedSet.js";
import { readOptions, type MethodSettings } from "../../training/methods/method.js";
import { defineSource } from "./source.js";

/** Where the pictures lie. */
const schema = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      "folder, archive, IDX or CIFAR binary file of pictures, relative to data.source; classes count for nothing",
    )
    .meta({ reason: "none: nobody knows what yours are" }),
  list: z
    .string()
    .min(1)
    .optional()
    .describe('image list in OpenOOD\'s form, "relative/path label" a line, relative to data.source')
    .meta({ reason: "none: all pictures of path" }),
  split: z.string().min(1).optional().describe("part of the source, as its sub-folder or train").meta({
    reason: "none: of published sets the training part, because tests are made of the others; of folders all",
  }),
  limit: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe("at most this many pictures, evenly spaced over the source's order")
    .meta({ reason: "none: all pictures, because more kinds of outliers help more than more of one kind" }),
});

/** Where the pictures of a run lie. @throws OAL-T111 */
export function realPicturesOf(settings: MethodSettings): z.output<typeof schema> {
  return readOptions(schema, settings, "folder");
}

/** The stage that holds the pictures, without those of other sets. */
export const outlierPicturesId = "outlierPictures";
/** Image set in its artifact. */
export const realPicturesFolder = "images";

/**
 * Source "folder". Row i is picture i of the user's, read as every other set is. Pictures that are also in the training, the validation
 * or the test sets, known or unknown, are left out before: a student may not be trained on what it is measured by.
 *
 * @source Hendrycks et al. 2019, Deep Anomaly Detection with Outlier Exposure (arXiv 1812.04606)
 */
export const folderPictures = defineSource({
  id: "folder",
  title: "pictures of your own, of no known class",
  formula: "x as it is, without pictures that are pixel for pixel in another set of the run",
  source: "Outlier Exposure: Hendrycks et al. 2019 (arXiv 1812.04606)",
  section: "folder",
  about: "real outlier pictures",
  schema,
  stages: () => [outlierPicturesId],
  refuses: (_use, { path }) =>
    path === undefined ? "give the folder, archive or file that holds the pictures as folder.path" : null,
  open: ({ folders }) => {
    const images = openImageSet(join(folders[outlierPicturesId] ?? "", realPicturesFolder));
    return Promise.resolve({
      count: images.count,
      pictures: (rows) => images.read(rows),
      close: () => images.close(),
    });
  },
});
