/** Classifiers: graphs with named taps. */
export { replaceHead } from "./replaceHead.js";
export {
  exposeTaps,
  isTapName,
  tapNames,
  tapValue,
  type Classifier,
  type Head,
  type TapName,
  type Taps,
} from "./taps.js";
