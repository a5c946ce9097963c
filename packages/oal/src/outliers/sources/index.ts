/** Where outlier pictures may come from. Adding a source: one file and one line here. */
import { Registry } from "oal-core";
import { cutMixedPictures } from "./cutmix.js";
import { fractalPictures } from "./fractals.js";
import { jigsawPictures } from "./jigsaw.js";
import { latentOutliers } from "./latents.js";
import { mixedPictures } from "./mix.js";
import { noisePictures } from "./noise.js";
import { phasePictures } from "./phase.js";
import { rotatedPictures } from "./rotate.js";
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
  mixedPictures,
  cutMixedPictures,
  unionOfSources,
]);
