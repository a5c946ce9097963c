/** Where side data come from. Adding a source: one file and one line here. */
import { exposureGateSource } from "./exposureGate.js";
import { outlierEmbeddingsSource, outlierLatentsSource } from "./outlierRows.js";
import { outliersSource } from "./outliers.js";
import { sideSources } from "./registry.js";
import { teacherSource } from "./teacher.js";

for (const source of [
  teacherSource,
  outlierEmbeddingsSource,
  outlierLatentsSource,
  outliersSource,
  exposureGateSource,
])
  sideSources.register(source);

export { sideSources };
