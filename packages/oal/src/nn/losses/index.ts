/** The losses of labels that a training may take by name. Adding one: one object and one line here. */
import { Registry } from "oal-core";
import type { ClassificationLoss } from "./classificationLoss.js";
import { softCrossEntropy } from "./crossEntropy.js";

/** Cross-entropy with soft targets. */
const crossEntropyLoss: ClassificationLoss = {
  id: "crossEntropy",
  title: "cross-entropy",
  source: "Bishop 2006, equation 4.108",
  value: softCrossEntropy,
};

/** Every loss of labels. */
export const classificationLosses = new Registry<ClassificationLoss>("loss", [crossEntropyLoss]);
