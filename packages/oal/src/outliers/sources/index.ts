/** Where outlier pictures may come from. Adding a source: one file and one line here. */
import { Registry } from "oal-core";
import { betweenClasses } from "./between.js";
import { crossingBoundary } from "./crossing.js";
import { cutMixedPictures } from "./cutmix.js";
import { folderPictures } from "./folder.js";
import { fractalPictures } from "./fractals.js";
import { guidedToUnknown } from "./guided.js";
import { jigsawPictures } from "./jigsaw.js";
import { latentOutliers } from "./latents.js";
import { farLatents } from "./latentsFar.js";
import { mixedPictures } from "./mix.js";
import { noisePictures } from "./noise.js";
import { nuisanceKept } from "./nuisance.js";
import { phasePictures } from "./phase.js";
import { rotatedPictures } from "./rotate.js";
import { editedPictures } from "./sdedit.js";
import type { OutlierSource } from "./source.js";
import { unionOfSources } from "./union.js";

/** Every source. */
export const outlierSources = new Registry<OutlierSource>("outlier source", [
  latentOutliers,
  phasePictures,
  jigsawPictures,
  rotatedPictures,
  noisePictures,
  fractalPictures,
  farLatents,
  editedPictures,
  crossingBoundary,
  guidedToUnknown,
  nuisanceKept,
  betweenClasses,
  mixedPictures,
  cutMixedPictures,
  folderPictures,
  unionOfSources,
]);
