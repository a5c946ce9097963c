/** `oal/data`: readers of image sources, and what one is made of. */
export { defineReader } from "./data/readerRegistry.js";
export { readers } from "./data/readers/index.js";
export type { OpenSource, Reader, SourceItem, SourceSpec } from "./data/readers/reader.js";
export type { OrientationUse } from "./data/decode.js";
export type { SkippedFiles } from "./data/pictures/kinds.js";
