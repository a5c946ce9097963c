export { centreCrop, cropImage, flipImage, type RgbImage } from "./image.js";
export { type Normalisation, normalisationOf, normalisations, normaliseBatch } from "./normalise.js";
export { type PreprocessSpec, preprocessImage, toPlanes } from "./preprocess.js";
export { type Interpolation, resizeImage, type ResizeRule, resizeShorterSide } from "./resize.js";
export { normaliseImages } from "./normaliseGraph.js";
export { preprocessInGraph } from "./resizeGraph.js";
