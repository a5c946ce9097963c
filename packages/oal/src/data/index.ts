/** Reading, caching, splitting, batching and augmenting image sets. */
export { type AugmentSpec, augmentBatch, type ImageTransform, transformPlanes } from "./augment.js";
export { batchIndices, epochOf, stepsPerEpoch } from "./batches.js";
export { prepareImageSet, type PrepareOptions } from "./cache.js";
export { openImageSet } from "./cachedSet.js";
export { decodeImage } from "./decode.js";
export { type ImageSet, memoryImageSet, subsetImageSet } from "./imageSet.js";
export { readerOf, readers } from "./readers/index.js";
export type { OpenSource, Reader, ReaderId, SourceItem, SourceSpec } from "./readers/reader.js";
export {
  prepareSplits,
  type SplitIndices,
  type SplitSets,
  type SplitShares,
  stratifiedSplit,
} from "./split.js";
export { findOverlap, measureNormalisation } from "./statistics.js";
