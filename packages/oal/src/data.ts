/** `oal/data`: readers of image sources, and what one is made of. */
export { readers } from "./data/readers/index.js";
export {
  defineReader,
  type OpenSource,
  type Reader,
  type SourceItem,
  type SourceSpec,
} from "./data/readers/reader.js";
