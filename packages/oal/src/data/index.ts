/** Reading, caching, splitting, batching and augmenting image sets. */
export { type AugmentSpec, augmentBatch, type ImageTransform, transformPlanes } from "./augment.js";
export { batchIndices, epochOf, stepsPerEpoch } from "./batches.js";
export { decodeImage } from "./decode.js";
export { type ImageSet, memoryImageSet, subsetImageSet } from "./imageSet.js";
export { findOverlap, measureNormalisation } from "./statistics.js";
