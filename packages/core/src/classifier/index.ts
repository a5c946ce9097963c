/** Classifiers: graphs with named taps. */
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
