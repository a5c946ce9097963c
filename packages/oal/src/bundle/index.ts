/** Bundles: a classifier with its detectors in one ONNX file, written, read, checked and run. */
export type { BundleContents, DecidingDetector } from "./assemble.js";
export { checkBundle, type CheckedOutputs } from "./check.js";
export { bundleFileName, type Ingredient, type Preprocessing } from "./facts.js";
export { readBundle, storedDetector } from "./read.js";
export { writeBundle } from "./write.js";
